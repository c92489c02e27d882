import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { agentFault } from './agent-fault.ts';
import { connectorName, secretName } from './names.ts';
import type { RunCondition } from './resources.ts';
import type { CloudRunOptions } from './options.ts';

/** The subject of a failure of the platform. */
type Subject = 'secret' | 'image' | 'network' | 'account' | 'key';

const byReason: Readonly<Record<string, Subject>> = {
  SECRETS_ACCESS_CHECK_FAILED: 'secret',
  CONTAINER_MISSING: 'image',
  CONTAINER_PERMISSION_DENIED: 'image',
  CONTAINER_IMAGE_UNAUTHORIZED: 'image',
  CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED: 'image',
  VPC_NETWORK_NOT_FOUND: 'network',
  ENCRYPTION_KEY_PERMISSION_DENIED: 'key',
  ENCRYPTION_KEY_CHECK_FAILED: 'key',
};

/** The platform's typical phrases, which have been stable for years; names are cut away before they are compared. */
const byPhrase: readonly (readonly [RegExp, Subject])[] = [
  [/permission denied on secret|\bsecret\b[^.]*\b(?:not found|in \w+ state|disabled|destroyed)/i, 'secret'],
  [/\bimage\b[^.]*\bnot found|permission to read the image|access to (?:the )?image|container image/i, 'image'],
  [/\bvpc connector\b|\bconnector\b[^.]*\b(?:not exist|not ready)/i, 'network'],
  [/\bservice account\b[^.]*\b(?:not exist|not found|was deleted)/i, 'account'],
  [/\b(?:kms|cryptokey|encryption key)\b/i, 'key'],
];

/** What a text is about when it contains none of the phrases. */
const byWord: readonly (readonly [RegExp, Subject])[] = [
  [/\bsecrets?\b/i, 'secret'],
  [/\b(?:vpc|connectors?|subnet(?:work)?s?|networks?)\b/i, 'network'],
  [/\bmanifest\b/i, 'image'],
];

/** The subject of a message of the platform; undefined when its words do not reveal it. */
function subjectOf(message: string): Subject | undefined {
  const words = withoutNames(message);
  return [...byPhrase, ...byWord].find(([pattern]) => pattern.test(words))?.[1];
}

/**
 * The words of the platform alone. Users choose names such as `social-network-prod`, so that quoted words, paths, addresses
 * and everything else with punctuation inside say nothing about the cause.
 */
function withoutNames(message: string): string {
  return message
    .replace(/'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]/g, ' NAME ')
    .replace(/\b(project|secret|connector|image) ([a-z][a-z0-9]*-[a-z0-9-]*|\S*[/@]\S*)/gi, '$1 NAME ')
    .replace(/\S*\w[-_/@:.]+\w\S*/g, ' NAME ');
}

/**
 * Names what is wrong (the image, the secret, the network) if the conditions of a job or an execution reveal it;
 * otherwise undefined.
 */
export function conditionFault(
  conditions: readonly RunCondition[],
  options: CloudRunOptions,
  secretVersion?: string,
): Finding | undefined {
  const failed = conditions.filter(({ state }) => state === 'CONDITION_FAILED');
  for (const { reason, message = '' } of failed) {
    const subject = byReason[reason ?? ''] ?? subjectOf(message);
    const why = message === '' ? (reason ?? '') : message;
    if (subject === 'secret') return secretFinding(why, options, secretVersion);
    if (subject !== undefined) return finding(subject, why, options);
  }
  return undefined;
}

function secretFinding(why: string, options: CloudRunOptions, version: string | undefined): Finding {
  const name = secretName(options);
  const [, project = '', , id = ''] = name.split('/');
  const grant = `gcloud secrets add-iam-policy-binding ${id} --project ${project} --member serviceAccount:${options.serviceAccount} --role roles/secretmanager.secretAccessor`;
  const about = version === undefined ? name : `${name}, version ${version}`;
  const state = /\b(DISABLED|DESTROYED)\b|not found/i.exec(withoutNames(why))?.[0];
  const number = version ?? /\/versions\/(\d+)/.exec(why)?.[1];
  if (state !== undefined) return changedSecret(`${about}: ${why}`, state, { id, project, version: number });
  return fault('secret-refused', { why: `${about}: ${why}`, fix: `\`${grant}\`` });
}

/** The version was usable when it was checked, and somebody has changed it since. */
function changedSecret(
  why: string,
  state: string,
  {
    id,
    project,
    version = 'VERSION',
  }: { readonly id: string; readonly project: string; readonly version?: string | undefined },
): Finding {
  const add = `\`gcloud secrets versions add ${id} --project ${project} --data-file -\``;
  const enable = `\`gcloud secrets versions enable ${version} --secret ${id} --project ${project}\``;
  const fix = /disabled/i.test(state) ? `Enable it: ${enable}, or add a version: ${add}.` : `Add a version: ${add}.`;
  return fault('secret-version-unusable', { why, fix: `${fix} Then run the command again.` });
}

function finding(subject: Exclude<Subject, 'secret'>, why: string, options: CloudRunOptions): Finding {
  switch (subject) {
    case 'image':
      return agentFault(why, options) ?? fault('image-refused', { why });
    case 'network':
      return networkFinding(why, options);
    case 'account':
      return fault('service-account-missing', { why });
    case 'key':
      return fault('job-not-started', { why });
  }
}

const noAddresses =
  'The subnet has no free address for the job: wait until other executions have ended, or give the environment a larger subnet (/26 or more) in `network`.';

function networkFinding(why: string, options: CloudRunOptions): Finding {
  if (/(no|insufficient|not enough|exhausted|free).* IP|IP .*(exhausted|space)|RANGE_EXHAUSTED/i.test(why))
    return fault('network-refused', { why, fix: noAddresses });
  if (options.network.kind !== 'connector') return fault('network-refused', { why });
  const name = connectorName(options, options.network.connector);
  return fault('network-refused', {
    why: `Connector ${name}: ${why}`,
    fix: `Check its state: \`gcloud compute networks vpc-access connectors describe ${name.split('/').pop() ?? ''} --region ${options.region} --project ${options.project}\`. If it is READY, grant the project’s Cloud Run service agent (service-NUMBER@serverless-robot-prod.iam.gserviceaccount.com) roles/vpcaccess.user.`,
  });
}
