/** Google APIs that godwit calls, by the first word of their host names. */
export const googleServices = [
  'run',
  'secretmanager',
  'vpcaccess',
  'artifactregistry',
  'sqladmin',
  'logging',
  'serviceusage',
  'cloudresourcemanager',
  'iam',
  'iamcredentials',
  'compute',
] as const;

/** One of the Google APIs that godwit calls. */
export type GoogleService = (typeof googleServices)[number];
