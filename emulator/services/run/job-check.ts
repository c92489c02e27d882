import { ApiError, badRequest, notFound, type Violation } from '../../core/errors.ts';
import { listOf, numberOf, objectOf, stringsOf, textOf, type JsonObject } from '../../core/json.ts';
import { isKnownProject, projectId, projectNumber, resourcesOf } from '../../core/resources.ts';
import type { Call } from '../../core/service.ts';
import type { World } from '../../core/world.ts';
import { runName } from './records.ts';

/** The limit of one variable's value in bytes (documentation). */
const longestValue = 32_768;

/** The limit of a task's duration in seconds: seven days (documentation). */
const longestTimeout = 168 * 3_600;

/** Namespaces of label keys that are reserved for the platform (proto). */
const reserved =
  /^([^/]*\.)?(run\.googleapis\.com|cloud\.googleapis\.com|serving\.knative\.dev|autoscaling\.knative\.dev)\//;

/**
 * Refuses a job that Cloud Run would not accept, naming every field.
 *
 * @throws ApiError INVALID_ARGUMENT, or the refusal of the service account or the connector
 */
export function checkJob(call: Call, name: string, job: JsonObject): void {
  const violations = [
    ...nameFaults(name, job),
    ...labelFaults(job, 'job'),
    ...templateFaults(objectOf(job['template'])),
    ...imageFaults(call.world, objectOf(objectOf(job['template'])['template'])),
  ];
  if (violations.length > 0) throw badRequest(violations);
  const template = objectOf(objectOf(job['template'])['template']);
  checkServiceAccount(call, name, textOf(template['serviceAccount']));
  const problem = connectorProblem(call.world, name, template) ?? subnetProblem(call.world, name, template);
  if (problem !== undefined) throw new ApiError('INVALID_ARGUMENT', problem);
}

function nameFaults(name: string, job: JsonObject): readonly Violation[] {
  const { job: id } = runName(name);
  const faults: Violation[] = [];
  if (!/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(id))
    faults.push({
      field: 'job_id',
      description: `Invalid job id "${id}": only lowercase, digits, and hyphens; must begin with letter, and cannot end with hyphen; must be less than 64 characters.`,
    });
  const token = textOf(job['startExecutionToken']) || textOf(job['runExecutionToken']);
  if (token !== '' && id.length + token.length >= 63)
    faults.push({
      field: 'job.execution_token',
      description: 'The sum of job name and token length must be fewer than 63 characters.',
    });
  if (token !== '' && !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(token))
    faults.push({ field: 'job.execution_token', description: `Invalid execution token "${token}".` });
  return faults;
}

/** Documentation (labels): at most 64, keys and values of up to 63 characters, lower case. */
function labelFaults(holder: JsonObject, path: string): readonly Violation[] {
  const labels = Object.entries(stringsOf(holder['labels']));
  const faults: Violation[] = [];
  const field = `${path}.labels`;
  if (labels.length > 64) faults.push({ field, description: 'At most 64 labels may be given.' });
  for (const [key, value] of labels) {
    if (reserved.test(key)) faults.push({ field, description: `Label key "${key}" uses a reserved namespace.` });
    else if (!/^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_./-]{0,62}$/u.test(key))
      faults.push({ field, description: `Invalid label key "${key}".` });
    if (!/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u.test(value))
      faults.push({ field, description: `Invalid label value "${value}" of "${key}".` });
  }
  return faults;
}

function templateFaults(template: JsonObject): readonly Violation[] {
  const task = objectOf(template['template']);
  const path = 'job.template.template';
  const faults: Violation[] = [...labelFaults(template, 'job.template')];
  const note = (field: string, description: string): void => void faults.push({ field, description });
  const taskCount = numberOf(template['taskCount']);
  if (taskCount < 0 || taskCount > 10_000) note('job.template.task_count', 'task_count must be between 1 and 10000.');
  if (numberOf(template['parallelism']) < 0) note('job.template.parallelism', 'parallelism must not be negative.');
  const containers = listOf(task['containers']).map(objectOf);
  if (containers.length === 0) note(`${path}.containers`, 'At least one container must be given.');
  const retries = numberOf(task['maxRetries']);
  if (retries < 0 || retries > 10) note(`${path}.max_retries`, 'max_retries must be between 0 and 10.');
  const seconds = secondsOf(textOf(task['timeout']));
  if (seconds < 0 || seconds > longestTimeout)
    note(`${path}.timeout`, `timeout must be between 1s and ${longestTimeout}s.`);
  for (const [index, container] of containers.entries())
    faults.push(...environmentFaults(container, `${path}.containers[${index}]`));
  faults.push(...networkFaults(objectOf(task['vpcAccess']), task['vpcAccess'] !== undefined, `${path}.vpc_access`));
  return faults;
}

/** Registries that Cloud Run pulls from, and its words (ko-build/terraform-provider-ko#205); and those of this machine. */
function imageFaults({ images }: World, task: JsonObject): readonly Violation[] {
  return listOf(task['containers']).flatMap((container, index) => {
    const image = textOf(objectOf(container)['image']);
    const [first = ''] = image.split('/');
    const host = image.includes('/') && /[.:]/.test(first) ? first : 'docker.io';
    const pulls = /^([a-z]+\.)?gcr\.io$|^([a-z0-9-]+-)?docker\.pkg\.dev$|^docker\.io$/.test(host);
    if (pulls || host === images.host || /^(localhost|127\.[\d.]+|\[::1\]):\d+$/.test(host)) return [];
    return [
      {
        field: `job.template.template.containers[${index}].image`,
        description: `Expected an image path like [host/]repo-path[:tag and/or @digest], where host is one of [region.]gcr.io, [region-]docker.pkg.dev or docker.io but obtained ${image}`,
      },
    ];
  });
}

export function environmentFaults(container: JsonObject, path: string): readonly Violation[] {
  const faults: Violation[] = [];
  const seen = new Set<string>();
  for (const [index, each] of listOf(container['env']).map(objectOf).entries()) {
    const field = `${path}.env[${index}]`;
    const name = textOf(each['name']);
    if (name.includes('=') || name.length > longestValue)
      faults.push({ field: `${field}.name`, description: `Invalid name "${name}".` });
    if (seen.has(name)) faults.push({ field: `${field}.name`, description: `Duplicate variable "${name}".` });
    seen.add(name);
    if (Buffer.byteLength(textOf(each['value'])) > longestValue)
      faults.push({
        field: `${field}.value`,
        description: `The value of "${name}" is longer than ${longestValue} bytes.`,
      });
  }
  return faults;
}

function networkFaults(access: JsonObject, given: boolean, path: string): readonly Violation[] {
  const connector = textOf(access['connector']) !== '';
  const interfaces = listOf(access['networkInterfaces']).map(objectOf);
  if (!given) return [];
  if (connector === interfaces.length > 0)
    return [{ field: path, description: 'Exactly one of connector or network_interfaces must be set.' }];
  if (interfaces.some((each) => textOf(each['network']) === '' && textOf(each['subnetwork']) === ''))
    return [
      { field: `${path}.network_interfaces`, description: 'At least one of network and subnetwork must be given.' },
    ];
  return [];
}

/** Seconds of a Duration in JSON; 0 when there is none. */
export const secondsOf = (duration: string): number => Number(duration.replace(/s$/, '')) || 0;

/**
 * The account must exist, and the caller must be permitted to act as it (documentation: troubleshooting). Cloud Run writes
 * the permission with a small `a` (GoogleCloudPlatform/k8s-config-connector#1007).
 */
function checkServiceAccount(call: Call, name: string, given: string): void {
  const { project } = runName(name);
  const email = given || defaultAccount(call.world, project);
  const resource = `projects/${project}/serviceAccounts/${email}`;
  const words = `Permission 'iam.serviceaccounts.actAs' denied on service account ${email} (or it may not exist).`;
  call.require({ permission: 'iam.serviceAccounts.actAs', resource }, words);
  if (!isKnownProject(call.world, project) || given === '') return;
  if (!resourcesOf(call.world).serviceAccounts.has(email)) throw notFound(`Service account ${email} does not exist.`);
}

/** The account of tasks whose job names none (documentation). */
export const defaultAccount = (world: World, project: string): string =>
  `${projectNumber(world, project)}-compute@developer.gserviceaccount.com`;

/** Why a job's connector cannot be used, or nothing. Documentation: the texts of the troubleshooting page. */
export function connectorProblem(world: World, name: string, template: JsonObject): string | undefined {
  const connector = textOf(objectOf(template['vpcAccess'])['connector']);
  if (connector === '') return undefined;
  const { project, location } = runName(name);
  const match = /^projects\/([^/]+)\/locations\/([^/]+)\/connectors\/([^/]+)$/.exec(connector);
  if (match === null) return `Invalid VPC connector name: ${connector}`;
  if (match[2] !== location) return `VPC connector ${connector} must be in the same region as the job: ${location}.`;
  if (!isKnownProject(world, project)) return undefined;
  const full = `projects/${projectId(world, match[1] ?? '')}/locations/${location}/connectors/${match[3]}`;
  const state = resourcesOf(world).connectors.get(full);
  if (state === 'READY') return undefined;
  if (state === undefined)
    return `VPC connector ${connector} does not exist, or Cloud Run does not have permission to use it.`;
  return `VPC connector ${connector} is not ready yet: its state is ${state}.`;
}

/** Assumed: the text. Only projects in which a subnet was made are checked. */
function subnetProblem(world: World, name: string, template: JsonObject): string | undefined {
  const { project, location } = runName(name);
  const own = [...resourcesOf(world).subnetworks.keys()].filter((each) => each.startsWith(`projects/${project}/`));
  if (own.length === 0) return undefined;
  for (const each of listOf(objectOf(template['vpcAccess'])['networkInterfaces']).map(objectOf)) {
    const subnet = textOf(each['subnetwork']) || textOf(each['network']);
    const full = subnet.includes('/') ? subnet : `projects/${project}/regions/${location}/subnetworks/${subnet}`;
    if (!own.includes(full))
      return `VPC subnetwork ${full} does not exist, or Cloud Run does not have permission to use it.`;
  }
  return undefined;
}
