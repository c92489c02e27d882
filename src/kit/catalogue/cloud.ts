import { entries } from './entry.ts';

/** Google Cloud itself: credentials, permissions, APIs. */
export const cloudFaults = entries({
  'google-credentials-missing': {
    title: 'There are no Google credentials',
    why: 'Neither GOOGLE_OAUTH_ACCESS_TOKEN nor application default credentials were found.',
    fix: 'On your machine: `gcloud auth application-default login`. In CI: workload identity federation (google-github-actions/auth with `workload_identity_provider`, `permissions: id-token: write`); it sets GOOGLE_APPLICATION_CREDENTIALS.',
    exit: 30,
  },
  'google-credentials-refused': {
    title: 'Google does not accept the credentials',
    why: 'They have expired or were withdrawn.',
    fix: 'Log in again: `gcloud auth application-default login`. In CI look at the workload identity provider and its attribute condition. GOOGLE_OAUTH_ACCESS_TOKEN, if set, is used first and lives for an hour.',
    exit: 30,
  },
  'google-unreachable': {
    title: 'Google Cloud cannot be reached',
    why: 'No answer came from the API.',
    fix: 'Check this machine’s network. Behind a proxy: HTTPS_PROXY together with NODE_USE_ENV_PROXY=1 (Node 22.21 or newer).',
    retryable: true,
    exit: 30,
  },
  'google-unavailable': {
    title: 'A Google API has a fault of its own',
    why: 'It answered with a server error, also when asked again.',
    fix: 'Run the same command again in a few minutes; https://status.cloud.google.com shows incidents.',
    retryable: true,
    exit: 30,
  },
  'google-api-disabled': {
    title: 'A Google API is switched off in the project',
    why: 'The project has never used it, or it was disabled.',
    fix: '`gcloud services enable run.googleapis.com secretmanager.googleapis.com artifactregistry.googleapis.com logging.googleapis.com vpcaccess.googleapis.com sqladmin.googleapis.com`',
    exit: 10,
  },
  'google-permission-denied': {
    title: 'A permission is missing',
    why: 'The account that you are logged in with may not do this.',
    fix: 'docs/cloud-run.md lists the roles that a controller needs, with the commands that give them.',
    exit: 10,
  },
  'google-not-found': {
    title: 'Something that is configured does not exist',
    why: 'Google Cloud knows no resource of this name.',
    fix: 'Correct the name, the project or the region in the environment of godwit.config, or create it: docs/cloud-run.md, “Set up from nothing”.',
    exit: 10,
  },
  'google-quota': {
    title: 'A quota of the project is exhausted',
    why: 'The API refuses more requests or more resources for now.',
    fix: 'Wait some minutes and run the same command again; `gcloud` and the console show the quotas of the project.',
    retryable: true,
    exit: 30,
  },
  'google-refused': {
    title: 'A Google API refused a request',
    why: 'It answered with an error.',
    fix: 'The server’s words above name the cause; nothing in the database was changed by this command.',
    exit: 10,
  },
});
