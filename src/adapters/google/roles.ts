/** The smallest predefined role that contains a permission, by the longest matching prefix. */
const roles: Readonly<Record<string, string>> = {
  'run.': 'roles/run.developer',
  'run.jobs.get': 'roles/run.viewer',
  'run.jobs.list': 'roles/run.viewer',
  'run.executions.get': 'roles/run.viewer',
  'run.executions.list': 'roles/run.viewer',
  'run.tasks.': 'roles/run.viewer',
  'logging.logEntries.create': 'roles/logging.logWriter',
  'logging.logEntries.': 'roles/logging.viewer',
  'secretmanager.versions.access': 'roles/secretmanager.secretAccessor',
  'secretmanager.versions.add': 'roles/secretmanager.secretVersionAdder',
  'secretmanager.': 'roles/secretmanager.viewer',
  'vpcaccess.connectors.use': 'roles/vpcaccess.user',
  'vpcaccess.': 'roles/vpcaccess.viewer',
  'artifactregistry.': 'roles/artifactregistry.reader',
  'artifactregistry.repositories.uploadArtifacts': 'roles/artifactregistry.writer',
  'artifactregistry.repositories.create': 'roles/artifactregistry.admin',
  'artifactregistry.versions.delete': 'roles/artifactregistry.repoAdmin',
  'artifactregistry.tags.delete': 'roles/artifactregistry.repoAdmin',
  'cloudsql.': 'roles/cloudsql.viewer',
  'cloudsql.backupRuns.create': 'roles/cloudsql.editor',
  'iam.serviceAccounts.getAccessToken': 'roles/iam.serviceAccountTokenCreator',
  'iam.serviceAccounts.actAs': 'roles/iam.serviceAccountUser',
  'iam.serviceAccounts.get': 'roles/iam.serviceAccountUser',
  'iam.serviceAccounts.list': 'roles/iam.serviceAccountUser',
  'serviceusage.services.use': 'roles/serviceusage.serviceUsageConsumer',
  'serviceusage.services.enable': 'roles/serviceusage.serviceUsageAdmin',
  'serviceusage.': 'roles/serviceusage.serviceUsageViewer',
  'compute.': 'roles/compute.networkViewer',
  'compute.subnetworks.use': 'roles/compute.networkUser',
  'resourcemanager.projects.get': 'roles/browser',
};

/**
 * The smallest predefined role with this permission; undefined when godwit does not know one. Services disagree about
 * upper and lower case: Cloud Run says `iam.serviceaccounts.actAs`.
 */
export function roleFor(permission: string): string | undefined {
  const wanted = permission.toLowerCase();
  const prefixes = Object.keys(roles).filter((prefix) => wanted.startsWith(prefix.toLowerCase()));
  const longest = prefixes.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : roles[longest];
}

/** The command that grants this role to the current user, as narrowly as the resource allows. */
export function grantCommand(role: string, resource: string): string {
  const member = '--member "user:$(gcloud config get account)"';
  const account = /[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com/.exec(resource)?.[0];
  if (role.startsWith('roles/iam.serviceAccount') && account !== undefined)
    return `gcloud iam service-accounts add-iam-policy-binding ${account} ${member} --role ${role}`;
  const project = /(?:^|\/)projects\/([^/]+)/.exec(resource)?.[1] ?? 'PROJECT';
  const secret = /\/secrets\/([^/]+)/.exec(resource)?.[1];
  if (role.startsWith('roles/secretmanager.') && secret !== undefined)
    return `gcloud secrets add-iam-policy-binding ${secret} --project ${project} ${member} --role ${role}`;
  return `gcloud projects add-iam-policy-binding ${project} ${member} --role ${role} --condition None`;
}
