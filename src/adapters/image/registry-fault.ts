import { fault, FaultError } from '../../kit/fault.ts';
import { namedCause } from '../google/causes.ts';
import { errorOf } from '../google/error.ts';
import { artifactPlace, isGoogleHost, type ArtifactPlace, type RepositoryName } from './reference.ts';

/** What was being done when a registry refused, for the text of a finding. */
export interface Doing extends RepositoryName {
  /** `reading the manifest of`, `writing a layer into` */
  readonly activity: string;
  readonly writes: boolean;
}

/** The answer of a registry that refused. */
export interface RegistryRefusal {
  readonly status: number;
  readonly body: string;
}

/** The fault for a refusal. The registry's text is quoted, shortened. */
export function registryFault(doing: Doing, refusal: RegistryRefusal): FaultError {
  const { host, repository, writes } = doing;
  const { code, text } = messageOf(refusal);
  const why = `${host} answered ${refusal.status} to ${doing.activity} ${repository}${text}.`;
  // Docker Hub does not distinguish an unknown name from a private one.
  if (refusal.status === 401 && host === 'docker.io' && !writes) return new FaultError(fault('image-missing', { why }));
  const named = isGoogleHost(host) ? googleCause(doing, refusal, text) : undefined;
  if (named !== undefined) return new FaultError(fault(named.code, { why, fix: named.fix }));
  if (refusal.status === 401 || refusal.status === 403)
    return new FaultError(fault('registry-denied', { why, fix: accessFix(doing) }));
  // When godwit only reads, an unknown repository is a wrong image name. At Google, people make repositories.
  if (refusal.status === 404 && (writes || (code === 'NAME_UNKNOWN' && isGoogleHost(host))))
    return new FaultError(fault('registry-no-repository', { why, fix: repositoryFix(doing) }));
  if (refusal.status === 404) return new FaultError(fault('image-missing', { why }));
  return new FaultError(fault('registry-refused', { why }));
}

/** A cause other than a role of the repository: a perimeter, billing, a policy, an API that is off. */
function googleCause(doing: Doing, { status, body }: RegistryRefusal, text: string) {
  const project = artifactPlace(doing)?.project ?? 'PROJECT';
  const error = { ...errorOf(status, body), message: text };
  if (/has not been used in project|API .*not enabled|it is disabled/i.test(text))
    return {
      code: 'google-api-disabled',
      fix: `Run \`gcloud services enable artifactregistry.googleapis.com --project ${project}\`; it takes effect within a few minutes.`,
    } as const;
  return status === 403 ? namedCause(error, project) : undefined;
}

/** The fault of a registry that does not answer, or cannot at present. */
export function unreachable(doing: Doing, why: string, status?: number): FaultError {
  const limited = status === 429 && doing.host === 'docker.io';
  return new FaultError(
    fault('registry-unreachable', {
      why: `${doing.host}, while ${doing.activity} ${doing.repository}: ${why}.`,
      ...(limited ? { fix: hubLimitFix } : {}),
    }),
  );
}

/** Docker Hub counts by address, and many users share one. */
const hubLimitFix =
  'Docker Hub limits anonymous pulls: run `docker login`, or set `image.base` to a copy elsewhere, such as mirror.gcr.io/library/node:22-slim.';

/** The fault of bytes that do not match their digest. */
export function damaged(doing: Doing, why: string): FaultError {
  return new FaultError(fault('image-damaged', { why: `${doing.host}/${doing.repository}: ${why}.` }));
}

function accessFix(doing: Doing): string {
  const { host, writes } = doing;
  const place = artifactPlace(doing);
  if (place === undefined)
    return isGoogleHost(host)
      ? 'Check the name under `image` in the configuration, and that your account may use the registry.'
      : `Run \`docker login ${host}\`; godwit reads the credentials from ~/.docker/config.json.`;
  const role = writes ? 'roles/artifactregistry.writer' : 'roles/artifactregistry.reader';
  return `Grant the account that runs godwit ${role}: \`gcloud artifacts repositories add-iam-policy-binding ${placeOptions(place)} --role=${role} --member=…\`.`;
}

function repositoryFix(doing: Doing): string {
  const place = artifactPlace(doing);
  if (place === undefined) return `Create the repository ${doing.repository} in ${doing.host}.`;
  const or = doing.writes ? '' : ' Or correct the name under `image` in the configuration.';
  return `Create it: \`gcloud artifacts repositories create ${placeOptions(place)} --repository-format=docker\`.${or}`;
}

function placeOptions({ repository, project, location }: ArtifactPlace): string {
  return `${repository === '' ? 'NAME' : repository} --project=${project === '' ? 'PROJECT' : project} --location=${location}`;
}

function messageOf({ body }: RegistryRefusal): { readonly code: string; readonly text: string } {
  try {
    const { errors = [] } = JSON.parse(body) as { errors?: readonly { code?: string; message?: string }[] };
    const [first] = errors;
    if (first !== undefined) return { code: first.code ?? '', text: `: ${short(first.message ?? first.code ?? '')}` };
  } catch {
    // For example, a proxy's page.
  }
  const text = short(body.replaceAll(/<[^>]*>/g, ' '));
  return { code: '', text: text === '' ? '' : `: ${text}` };
}

function short(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .replace(/\.$/, '')
    .slice(0, 200);
}
