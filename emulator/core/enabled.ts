import { ApiError } from './errors.ts';
import { isKnownProject, projectId, projectNumber } from './resources.ts';
import { perWorld, type World } from './world.ts';

/**
 * APIs that are turned off, by project id. All others are on, except in a project that was made empty (documentation:
 * a new project has few).
 */
export const disabledApis: (world: World) => Map<string, Set<string>> = perWorld(() => new Map<string, Set<string>>());

/** Turning APIs on and reading operations requires no enabled API. */
const always = new Set(['serviceusage', 'operations', 'sts']);

export function setApi(world: World, project: string, api: string, enabled: boolean): void {
  const known = disabledApis(world).get(project) ?? new Set<string>();
  if (enabled) known.delete(api);
  else known.add(api);
  disabledApis(world).set(project, known);
}

/** Every API that the emulator knows. */
export const knownApis = (): readonly string[] =>
  [...Object.keys(titles), 'serviceusage', 'sts'].map((name) => `${name}.googleapis.com`);

/**
 * Documentation: a disabled API answers everybody with 403 SERVICE_DISABLED, before permissions are checked.
 *
 * @param resource names the project: `projects/p/…`
 */
export function checkApi(world: World, service: string, resource: string): void {
  const project = projectId(world, projectIn(resource));
  const api = `${service}.googleapis.com`;
  if (always.has(service) || disabledApis(world).get(project)?.has(api) !== true) return;
  const number = isKnownProject(world, project) ? projectNumber(world, project) : project;
  const see = `https://console.developers.google.com/apis/api/${api}/overview?project=${number}`;
  throw new ApiError(
    'PERMISSION_DENIED',
    `${titles[service] ?? service} API has not been used in project ${number} before or it is disabled. Enable it by visiting ${see} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.`,
    [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'SERVICE_DISABLED',
        domain: 'googleapis.com',
        metadata: { service: api, consumer: `projects/${number}` },
      },
    ],
  );
}

/**
 * The project that a caller charges a call to: the caller needs a permission there, and the API must be on there
 * (google-github-actions/auth#250, golang/oauth2#702).
 */
export function checkQuotaProject(
  world: World,
  {
    service,
    principal,
    quotaProject,
  }: { readonly service: string; readonly principal: string; readonly quotaProject: string },
): void {
  const project = projectId(world, quotaProject);
  const resource = `projects/${project}`;
  if (!world.iam.may(principal, { permission: 'serviceusage.services.use', resource }))
    throw new ApiError(
      'PERMISSION_DENIED',
      `Caller does not have required permission to use project ${quotaProject}. Grant the caller the roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission, by visiting https://console.developers.google.com/iam-admin/iam/project?project=${quotaProject} and then retry. Propagation of the new permission may take a few minutes.`,
      [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'USER_PROJECT_DENIED',
          domain: 'googleapis.com',
          metadata: { service: `${service}.googleapis.com`, consumer: `projects/${quotaProject}` },
        },
      ],
    );
  checkApi(world, service, resource);
}

/** Assumed: a call about a service account alone (`projects/-/…`) counts for the project of the account. */
function projectIn(resource: string): string {
  const [, given = ''] = /^(?:\/\/[^/]+\/)?projects\/([^/]+)/.exec(resource) ?? [];
  return given === '-' ? (/@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/.exec(resource)?.[1] ?? '') : given;
}

/** The names of the APIs in sentences. */
export const titles: Readonly<Record<string, string>> = {
  run: 'Cloud Run Admin',
  secretmanager: 'Secret Manager',
  logging: 'Cloud Logging',
  vpcaccess: 'Serverless VPC Access',
  artifactregistry: 'Artifact Registry',
  sqladmin: 'Cloud SQL Admin',
  cloudresourcemanager: 'Cloud Resource Manager',
  iam: 'Identity and Access Management (IAM)',
  iamcredentials: 'IAM Service Account Credentials',
  compute: 'Compute Engine',
};
