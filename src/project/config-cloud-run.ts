import { googleServices } from '../adapters/google/services.ts';
import { duration, isRecord, join, oneOf, shape, show, text, type Kind } from './config-kinds.ts';

const matching =
  (pattern: RegExp, what: string): Kind =>
  (value, path) =>
    typeof value === 'string' && pattern.test(value) ? [] : [{ path, why: `must be ${what}, not ${show(value)}.` }];

const projectId = matching(
  /^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
  'the id of a Google Cloud project (6 to 30 lower-case letters, digits and hyphens)',
);

const region = matching(/^[a-z]+-[a-z]+[0-9]+$/, 'a region such as "us-central1"');

const instance = matching(
  /^(([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]:[a-z]+-[a-z]+[0-9]+:)?[a-z][a-z0-9-]{0,97}$/,
  'the name of a Cloud SQL instance, or "project:region:name"',
);

const connector = matching(
  /^(projects\/[^/]+\/locations\/[^/]+\/connectors\/)?[a-z][a-z0-9-]{0,61}[a-z0-9]$/,
  'the name of a Serverless VPC Access connector',
);

const repositoryForm = matching(
  /^([a-z]([a-z0-9-]{0,61}[a-z0-9])?|[a-z0-9][a-z0-9.:-]*(\/[a-z0-9._-]+)+)$/,
  'the name of an Artifact Registry repository, or its full name, such as "us-docker.pkg.dev/acme/godwit"',
);

/** Registries from which Cloud Run starts images; loopback is the emulator's. */
const startable: readonly RegExp[] = [
  /^[a-z0-9-]+-docker\.pkg\.dev(\/[^/]+){2,}$/,
  /^([a-z]+\.)?gcr\.io\//,
  /^docker\.io\//,
  /^(localhost|127(\.\d{1,3}){3})(:\d+)?\//,
];

/** Cloud Run refuses images of other registries, but only after they were pushed. */
const repository: Kind = (value, path) => {
  const problems = repositoryForm(value, path);
  if (problems.length > 0 || typeof value !== 'string' || !value.includes('/')) return problems;
  return startable.some((pattern) => pattern.test(value))
    ? []
    : [
        {
          path,
          why: `must be a place from which Cloud Run starts images (LOCATION-docker.pkg.dev/PROJECT/REPOSITORY, gcr.io or docker.io), not ${show(value)}.`,
          fix: 'Write the name of an Artifact Registry repository. `image.base` and `image.own` may be in any registry: godwit copies them.',
        },
      ];
};

/** Name of an image, by tag or digest. */
export const imageName = matching(
  /^[a-z0-9][a-zA-Z0-9._:/-]*(@sha256:[0-9a-f]{64})?$/,
  'the name of an image, such as "docker.io/library/node:22-slim"',
);

const binaryAuthorization = matching(
  /^(default|projects\/[^/]+\/platforms\/cloudRun\/policies\/[^/]+)$/,
  '"default", or a policy such as "projects/acme/platforms/cloudRun/policies/NAME"',
);

const encryptionKey = matching(
  /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/,
  'a key of Cloud KMS such as "projects/acme/locations/us-central1/keyRings/RING/cryptoKeys/KEY"',
);

const absolutePath = matching(/^\/[^\0]+$/, 'an absolute path');

const httpUrl = matching(/^https?:\/\/[^\s/?#]+\/?$/, 'a base URL such as "https://run.googleapis.com"');

const accountEmail = matching(/^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/, 'the address of a service account');

/** Refuses the default accounts of a project, which have far too many permissions. */
const dedicatedAccount: Kind = (value, path) => {
  const problems = accountEmail(value, path);
  if (problems.length > 0 || typeof value !== 'string') return problems;
  return /^\d+-compute@developer\.|@appspot\./.test(value)
    ? [
        {
          path,
          why: 'is a default account of the project, which has far too many permissions.',
          fix: 'Create one for migrations only; docs/cloud-run.md lists the roles that it needs.',
        },
      ]
    : [];
};

const labels: Kind = (value, path) => {
  if (!isRecord(value)) return [{ path, why: `must be an object, not ${show(value)}.` }];
  return Object.entries(value).flatMap(([key, member]) => {
    if (key.startsWith('godwit-')) return [{ path: join(path, key), why: 'is one of godwit’s own labels.' }];
    if (!/^[a-z][a-z0-9_-]{0,62}$/.test(key))
      return [
        {
          path: join(path, key),
          why: 'is not a valid label: use a lower-case letter, then letters, digits, `_` and `-`.',
        },
      ];
    return matching(/^[a-z0-9_-]{0,63}$/, 'lower-case letters, digits, `_` and `-`')(member, join(path, key));
  });
};

const tags: Kind = (value, path) =>
  Array.isArray(value) && value.every((tag) => typeof tag === 'string' && /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(tag))
    ? []
    : [{ path, why: `must be a list of network tags, not ${show(value)}.` }];

const logPlace =
  /^(projects|folders|organizations|billingAccounts)\/[^/\s"]+(\/locations\/[^/\s"]+\/buckets\/[^/\s"]+\/views\/[^/\s"]+)?$/;

/** Cloud Logging takes up to 100 of them; godwit reads at most 20. */
const logResources: Kind = (value, path) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= 20 &&
  value.every((name) => typeof name === 'string' && logPlace.test(name))
    ? []
    : [
        {
          path,
          why: `must be a list of 1 to 20 places in Cloud Logging, such as "projects/acme-logs/locations/global/buckets/jobs/views/_AllLogs", not ${show(value)}.`,
        },
      ];

const logsShape = shape({ resourceNames: logResources });

const logs: Kind = (value, path) =>
  isRecord(value) && value['resourceNames'] === undefined && Object.keys(value).length === 0
    ? [{ path, why: 'must have `resourceNames`.' }]
    : logsShape(value, path);

const networkShape = shape({ connector, network: text, subnetwork: text, tags });

const network: Kind = (value, path) => {
  const problems = networkShape(value, path);
  if (problems.length > 0 || !isRecord(value)) return problems;
  const direct = ['network', 'subnetwork', 'tags'].some((key) => value[key] !== undefined);
  if ('connector' in value && direct)
    return [{ path, why: 'has a connector and a subnet: the platform takes exactly one of them.' }];
  return 'connector' in value || value['network'] !== undefined || value['subnetwork'] !== undefined
    ? []
    : [{ path, why: 'must have `connector`, or `network` or `subnetwork`.' }];
};

/** Name of a secret in the project's Secret Manager, or its full resource name. */
export const secretName = matching(
  /^(projects\/[^/]+\/secrets\/)?[A-Za-z0-9_-]{1,255}$/,
  'the name of a secret in Secret Manager',
);

/** Only numbers: the meaning of `latest` changes, and a run must use the version that was checked. */
export const secretVersion = matching(/^[1-9][0-9]*$/, 'the number of a version as a string, such as "3"');

const cloudRunShape = shape({
  kind: oneOf('cloud-run'),
  project: projectId,
  region,
  instance,
  job: oneOf('ephemeral', 'stable'),
  serviceAccount: dedicatedAccount,
  network,
  egress: oneOf('private-ranges', 'all'),
  image: shape({ base: imageName, repository, own: imageName, node: absolutePath }),
  labels,
  binaryAuthorization,
  encryptionKey,
  timeout: duration,
  logs,
  endpoints: shape(Object.fromEntries(googleServices.map((service) => [service, httpUrl]))),
  impersonate: accountEmail,
});

/** The engine `cloud-run`. */
export const cloudRun: Kind = (value, path) => {
  const problems = cloudRunShape(value, path);
  if (!isRecord(value)) return problems;
  const missing = ['kind', 'project'].filter((key) => value[key] === undefined);
  return [
    ...problems,
    ...missing.map((key) => ({
      path: join(path, key),
      why: 'is missing.',
      fix: key === 'kind' ? 'Write kind: "cloud-run".' : 'Write the id of the Google Cloud project.',
    })),
  ];
};
