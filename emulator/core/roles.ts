/**
 * Predefined roles with those of their permissions that the emulator's methods ask for (documentation: the roles as
 * exported from Google in jdyke/gcp_iam_update_bot, `roles/*`, June 2026).
 */
const roles: Readonly<Record<string, readonly string[]>> = {
  'roles/owner': ['*'],
  'roles/run.developer': [
    ...['create', 'delete', 'get', 'getIamPolicy', 'list', 'run', 'runWithOverrides', 'update'].map(
      (verb) => `run.jobs.${verb}`,
    ),
    ...['cancel', 'delete', 'get', 'list'].map((verb) => `run.executions.${verb}`),
    ...['get', 'list'].map((verb) => `run.tasks.${verb}`),
    ...['delete', 'get', 'list'].map((verb) => `run.operations.${verb}`),
    'resourcemanager.projects.get',
  ],
  'roles/logging.viewer': [
    'logging.logEntries.list',
    'logging.logs.list',
    'logging.sinks.get',
    'logging.sinks.list',
    'logging.views.get',
    'logging.views.list',
    'resourcemanager.projects.get',
  ],
  'roles/logging.logWriter': ['logging.logEntries.create'],
  'roles/secretmanager.viewer': [
    'secretmanager.secrets.get',
    'secretmanager.secrets.getIamPolicy',
    'secretmanager.secrets.list',
    'secretmanager.versions.get',
    'secretmanager.versions.list',
    'resourcemanager.projects.get',
  ],
  'roles/secretmanager.secretAccessor': ['secretmanager.versions.access', 'resourcemanager.projects.get'],
  'roles/vpcaccess.viewer': [
    'vpcaccess.connectors.get',
    'vpcaccess.connectors.list',
    'vpcaccess.operations.get',
    'resourcemanager.projects.get',
  ],
  'roles/cloudsql.viewer': [
    'cloudsql.instances.get',
    'cloudsql.instances.list',
    'cloudsql.instances.listServerCas',
    'cloudsql.databases.get',
    'cloudsql.databases.list',
    'cloudsql.backupRuns.get',
    'cloudsql.backupRuns.list',
    'cloudsql.users.list',
    'serviceusage.services.get',
    'serviceusage.services.list',
    'resourcemanager.projects.get',
  ],
  'roles/artifactregistry.writer': [
    'artifactregistry.dockerimages.get',
    'artifactregistry.dockerimages.list',
    'artifactregistry.packages.get',
    'artifactregistry.packages.list',
    'artifactregistry.repositories.downloadArtifacts',
    'artifactregistry.repositories.get',
    'artifactregistry.repositories.list',
    'artifactregistry.repositories.uploadArtifacts',
    'artifactregistry.tags.create',
    'artifactregistry.tags.get',
    'artifactregistry.tags.list',
    'artifactregistry.versions.get',
    'artifactregistry.versions.list',
    'resourcemanager.projects.get',
  ],
  'roles/iam.serviceAccountUser': [
    'iam.serviceAccounts.actAs',
    'iam.serviceAccounts.get',
    'iam.serviceAccounts.list',
    'resourcemanager.projects.get',
  ],
  'roles/iam.serviceAccountTokenCreator': [
    'iam.serviceAccounts.get',
    'iam.serviceAccounts.getAccessToken',
    'iam.serviceAccounts.list',
    'resourcemanager.projects.get',
  ],
  'roles/serviceusage.serviceUsageConsumer': [
    'serviceusage.services.get',
    'serviceusage.services.list',
    'serviceusage.services.use',
  ],
};

/** Roles that hold all of another role. */
const wider: Readonly<Record<string, readonly [of: string, more: readonly string[]]>> = {
  'roles/artifactregistry.repoAdmin': [
    'roles/artifactregistry.writer',
    [
      'artifactregistry.packages.delete',
      'artifactregistry.repositories.deleteArtifacts',
      'artifactregistry.tags.delete',
      'artifactregistry.versions.delete',
    ],
  ],
  'roles/cloudsql.editor': ['roles/cloudsql.viewer', ['cloudsql.backupRuns.create', 'cloudsql.instances.connect']],
};

/** The permissions of a predefined role; undefined for a role that the emulator does not know. */
export function permissionsOf(role: string): readonly string[] | undefined {
  const own = roles[role];
  if (own !== undefined) return own;
  const [of, more] = wider[role] ?? [];
  return of === undefined ? undefined : [...(roles[of] ?? []), ...(more ?? [])];
}
