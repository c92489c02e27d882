import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { artifactPlace, parseReference, type ArtifactPlace } from '../../image/reference.ts';
import { repositoryOf } from './job-image.ts';
import type { CloudRunOptions } from './options.ts';

/**
 * What Cloud Run's own service agent lacks, or the caller with regard to the image: the platform answers with the same
 * 403 as for a missing role of the caller, and only its words tell whom to grant what. Undefined: the message is about
 * something else.
 */
export function agentFault(message: string, options: CloudRunOptions): Finding | undefined {
  if (/service agent .*\bget access tokens\b/is.test(message)) return accountFault(message, options);
  if (/permission to read the image/i.test(message))
    return fault('image-refused', {
      why: `Cloud Run’s service agent may not pull the image: ${message}`,
      fix: readerGrant(message, options, `serviceAccount:${agentIn(message)}`),
    });
  if (/does not have access to (?:the )?image/i.test(message))
    return fault('image-refused', {
      why: `Your account may not use the image: ${message}`,
      fix: readerGrant(message, options, 'user:$(gcloud config get account)'),
    });
  return undefined;
}

/** The job's account is one of another project, or the agent has lost its own role. */
function accountFault(message: string, { serviceAccount, project }: CloudRunOptions): Finding {
  const owner = /@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/.exec(serviceAccount)?.[1] ?? project;
  const agent = agentIn(message);
  const token = `gcloud iam service-accounts add-iam-policy-binding ${serviceAccount} --project ${owner} --member serviceAccount:${agent} --role roles/iam.serviceAccountTokenCreator`;
  const own = `gcloud projects add-iam-policy-binding ${project} --member serviceAccount:${agent} --role roles/run.serviceAgent --condition None`;
  return fault('google-permission-denied', {
    why: `Cloud Run’s service agent may not act as the job’s account: ${message}`,
    fix: owner === project ? `Give the agent its role back: \`${own}\`.` : `\`${token}\``,
  });
}

function readerGrant(message: string, options: CloudRunOptions, member: string): string {
  const { repository, project, location } = imagePlace(message) ?? ownPlace(options);
  return `\`gcloud artifacts repositories add-iam-policy-binding ${repository} --project ${project} --location ${location} --member "${member}" --role roles/artifactregistry.reader\``;
}

/** The place of the image that the message names. */
function imagePlace(message: string): ArtifactPlace | undefined {
  const name = /\b[a-z0-9.-]+(?:pkg\.dev|gcr\.io)\/[\w./@:-]*\w/.exec(message)?.[0] ?? '';
  const parsed = parseReference(name);
  return parsed.ok ? artifactPlace(parsed.value) : undefined;
}

function ownPlace(options: CloudRunOptions): Omit<ArtifactPlace, 'image'> {
  const { project, region } = options;
  const parsed = parseReference(repositoryOf(options));
  const place = parsed.ok ? artifactPlace(parsed.value) : undefined;
  return place ?? { repository: 'REPOSITORY', project, location: region };
}

/** The number of a project stands only in its agent's address. */
function agentIn(message: string): string {
  const named = /\bservice-\d+@serverless-robot-prod\.iam\.gserviceaccount\.com\b/.exec(message)?.[0];
  return named ?? 'service-NUMBER@serverless-robot-prod.iam.gserviceaccount.com';
}
