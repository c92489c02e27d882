import type { ExecutionFault } from '../../core/faults.ts';
import { listOf, objectOf, textOf, type JsonObject } from '../../core/json.ts';
import { projectId } from '../../core/resources.ts';
import type { World } from '../../core/world.ts';
import type { LocalImage } from '../../executors/image-source.ts';
import { readSecret } from '../secret-manager.ts';
import { connectorProblem, defaultAccount } from './job-check.ts';
import { runName, type ExecutionRecord } from './records.ts';

/** Why tasks cannot start, as a condition's reason. */
interface NotReady {
  readonly reason: string;
  readonly message: string;
}

export type Preparation =
  | { readonly image: LocalImage; readonly secrets: Readonly<Record<string, string>> }
  | { readonly image?: undefined; readonly not: NotReady };

/** Does what the platform does before the first task starts: image, secrets, network. */
export async function prepare(
  world: World,
  execution: ExecutionRecord,
  fault: ExecutionFault | undefined,
): Promise<Preparation> {
  const container = objectOf(listOf(execution.template['containers'])[0]);
  const reference = textOf(container['image']);
  const found = fault?.image === undefined ? await world.images.find(reference) : { why: fault.image };
  if (found.found === undefined) return { not: imageProblem(reference, found.why) };
  const network = networkProblem(world, execution, fault);
  if (network !== undefined) return { not: network };
  const secrets = secretsFor(world, execution, fault);
  return 'not' in secrets ? secrets : { image: found.found, secrets: secrets.values };
}

/**
 * Why a job that was made or changed does not become ready: its image and its secrets are looked at before anything
 * executes (hashicorp/terraform-provider-google#13786, #13828, #15088; terraform-google-modules/terraform-docs-samples#606).
 */
export async function jobProblem(world: World, job: JsonObject): Promise<NotReady | undefined> {
  const template = objectOf(objectOf(job['template'])['template']);
  const reference = textOf(objectOf(listOf(template['containers'])[0])['image']);
  const image = await world.images.find(reference);
  if (image.found === undefined) return imageProblem(reference, image.why);
  const secrets = secretsFor(world, { name: textOf(job['name']), template }, undefined);
  return 'not' in secrets ? secrets.not : undefined;
}

/** What has secrets: an execution, or its job. */
type SecretReader = Pick<ExecutionRecord, 'name' | 'template'>;

function secretsFor(
  world: World,
  reader: SecretReader,
  fault: ExecutionFault | undefined,
): { readonly not: NotReady } | { readonly values: Readonly<Record<string, string>> } {
  const values: Record<string, string> = {};
  for (const each of listOf(objectOf(listOf(reader.template['containers'])[0])['env']).map(objectOf)) {
    const reference = objectOf(objectOf(each['valueSource'])['secretKeyRef']);
    const secret = textOf(reference['secret']);
    if (secret === '') continue;
    const read = secretFor(world, reader, { secret, version: textOf(reference['version']), fault });
    if (typeof read !== 'string') return { not: read };
    values[textOf(each['name'])] = read;
  }
  return { values };
}

/** Proto: the reasons. Documentation: the text of the first one. */
function imageProblem(reference: string, why: 'missing' | 'denied'): NotReady {
  if (why === 'missing') return { reason: 'CONTAINER_MISSING', message: `Image '${reference}' not found.` };
  return {
    reason: 'CONTAINER_PERMISSION_DENIED',
    message: `Google Cloud Run Service Agent must have permission to read the image, ${reference}.`,
  };
}

/** The reason of a connector that broke after the job was made is assumed. */
function networkProblem(
  world: World,
  execution: ExecutionRecord,
  fault: ExecutionFault | undefined,
): NotReady | undefined {
  const connector = textOf(objectOf(execution.template['vpcAccess'])['connector']);
  const injected =
    fault?.connector === undefined || connector === ''
      ? undefined
      : `VPC connector ${connector} ${
          fault.connector === 'missing'
            ? 'does not exist, or Cloud Run does not have permission to use it.'
            : 'is not ready yet: its state is ERROR.'
        }`;
  const message = injected ?? connectorProblem(world, execution.name, execution.template);
  return message === undefined ? undefined : { reason: 'VPC_NETWORK_NOT_FOUND', message };
}

/** The value as the task's own account may read it. Documentation: the texts of the troubleshooting page. */
function secretFor(
  world: World,
  execution: SecretReader,
  wanted: { readonly secret: string; readonly version: string; readonly fault: ExecutionFault | undefined },
): string | NotReady {
  const { project } = runName(execution.name);
  const account = textOf(execution.template['serviceAccount']) || defaultAccount(world, project);
  const match = /^projects\/([^/]+)\/secrets\/([^/]+)$/.exec(wanted.secret);
  const name =
    match === null
      ? `projects/${project}/secrets/${wanted.secret}`
      : `projects/${projectId(world, match[1] ?? '')}/secrets/${match[2]}`;
  const version = wanted.version || 'latest';
  const full = `${name}/versions/${version}`;
  const refuse = (message: string): NotReady => ({ reason: 'SECRETS_ACCESS_CHECK_FAILED', message });
  const need = { permission: 'secretmanager.versions.access', resource: full };
  if (wanted.fault?.secret === 'denied' || !world.iam.may(`serviceAccount:${account}`, need)) {
    const role = 'roles/secretmanager.secretAccessor';
    return refuse(
      `Permission denied on secret: ${full} for Revision service account ${account}. The service account used must be granted the 'Secret Manager Secret Accessor' role (${role}) at the secret, project or higher level.`,
    );
  }
  const read = readSecret(world, name, version);
  if (wanted.fault?.secret === 'disabled') return refuse(`Secret ${full} is in DISABLED state.`);
  if (read.value !== undefined) return read.value;
  return refuse(
    read.problem === 'missing'
      ? `Secret ${full} was not found.`
      : `Secret ${full} is in ${read.problem.toUpperCase()} state.`,
  );
}
