import { entries } from './entry.ts';

/** Google Cloud itself: credentials, permissions, APIs. */
export const cloudFaults = entries({
  'google-credentials-missing': {
    title: 'No Google credentials were found',
    why: 'GOOGLE_OAUTH_ACCESS_TOKEN is not set, and there are no application default credentials.',
    fix: 'On your machine, run `gcloud auth application-default login`. In CI, use workload identity federation (google-github-actions/auth with `workload_identity_provider`, and `permissions: id-token: write`), which sets GOOGLE_APPLICATION_CREDENTIALS.',
    exit: 30,
  },
  'google-credentials-refused': {
    title: 'Google does not accept the credentials',
    why: 'The credentials have expired or were revoked.',
    fix: 'Log in again: `gcloud auth application-default login`. In CI, check the workload identity provider and its attribute condition. GOOGLE_OAUTH_ACCESS_TOKEN takes precedence if it is set, and expires after an hour.',
    exit: 30,
  },
  'google-credentials-invalid': {
    title: 'The Google credentials cannot be used',
    why: 'A variable or a file does not hold what Google’s libraries expect there.',
    fix: 'On your machine, run `gcloud auth application-default login`. In CI, let google-github-actions/auth write the file.',
    exit: 2,
  },
  'google-unreachable': {
    title: 'Google Cloud cannot be reached',
    why: 'The API did not answer.',
    fix: 'Check this machine’s network. Behind a proxy, set HTTPS_PROXY to http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT.',
    retryable: true,
    exit: 30,
  },
  'google-unavailable': {
    title: 'A Google API is failing',
    why: 'The API answered with a server error, and did so again on each retry.',
    fix: 'Run the same command again in a few minutes; https://status.cloud.google.com lists incidents.',
    retryable: true,
    exit: 30,
  },
  'google-api-disabled': {
    title: 'A Google API is disabled in the project',
    why: 'The project has never enabled the API, or has disabled it.',
    fix: '`gcloud services enable run.googleapis.com secretmanager.googleapis.com artifactregistry.googleapis.com logging.googleapis.com vpcaccess.googleapis.com sqladmin.googleapis.com`',
    exit: 10,
  },
  'google-permission-denied': {
    title: 'A Google Cloud permission is missing',
    why: 'The account that you are logged in with lacks the permission.',
    fix: 'docs/cloud-run.md lists the roles that a controller needs, with the commands that grant them.',
    exit: 10,
  },
  'google-quota-project': {
    title: 'Requests cannot be charged to a project',
    why: 'Google charges each request to a project: the environment’s own, or the one that your credentials name. Your account may use neither, or names none.',
    fix: 'Run `gcloud auth application-default set-quota-project PROJECT` with a project in which you have roles/serviceusage.serviceUsageConsumer.',
    exit: 10,
  },
  'google-not-found': {
    title: 'A configured resource does not exist',
    why: 'Google Cloud has no resource with this name.',
    fix: 'Correct the name, the project or the region in the environment of godwit.config, or create the resource: docs/cloud-run.md, “Set up from nothing”.',
    exit: 10,
  },
  'google-quota': {
    title: 'A quota of the project is exhausted',
    why: 'The API currently refuses more requests or more resources.',
    fix: 'Wait a few minutes and run the same command again; `gcloud` and the console show the project’s quotas.',
    retryable: true,
    exit: 30,
  },
  'google-limit': {
    title: 'A limit of the project is reached',
    why: 'The project already has as many resources of this kind as its quota allows. Waiting does not make room.',
    fix: 'Remove what is no longer needed, or ask for a higher quota: https://console.cloud.google.com/iam-admin/quotas.',
    exit: 10,
  },
  'google-refused': {
    title: 'A Google API refused a request',
    why: 'The API answered with an error.',
    fix: 'See the API’s message above for the cause. This command changed nothing in the database.',
    exit: 10,
  },
});
