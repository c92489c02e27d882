import { defaultImage } from '../adapters/engines/cloud-run/defaults.ts';
import type { CloudRunOptions, JobNetwork } from '../adapters/engines/cloud-run/options.ts';
import { googleServices, type GoogleService } from '../adapters/google/services.ts';
import { milliseconds } from '../kit/duration.ts';
import type { CloudRunConfig, DatabaseSource } from './config-model.ts';

/** The input for the options of an environment's jobs. */
export interface CloudRunQuestion {
  /** Name of the environment. */
  readonly name: string;
  readonly config: CloudRunConfig;
  readonly database: DatabaseSource | undefined;
  /** May name other base URLs: `GODWIT_ENDPOINT`, `GODWIT_ENDPOINT_RUN`, … */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Fills in the defaults. Names are derived from the environment's name, as in `dev-cloud-run-connector`. */
export function cloudRunOptions({ name, config, database, env }: CloudRunQuestion): CloudRunOptions {
  const region = config.region ?? 'us-central1';
  const secret = typeof database === 'object' && 'secret' in database ? database : undefined;
  const stem = name.toLowerCase().replaceAll('_', '-');
  const timeoutMs = config.timeout === undefined ? undefined : milliseconds(config.timeout);
  return {
    kind: 'cloud-run',
    project: config.project,
    region,
    ...(config.instance === undefined ? {} : { instance: instanceOf(config.instance, config.project, region) }),
    secret: secret?.secret ?? `database-url-${name}`,
    ...(secret?.version === undefined ? {} : { secretVersion: secret.version }),
    serviceAccount: config.serviceAccount ?? `${stem}-cloud-run-sa@${config.project}.iam.gserviceaccount.com`,
    network: networkOf(config, `${stem}-cloud-run-connector`),
    egress: config.egress ?? 'private-ranges',
    job: config.job ?? 'ephemeral',
    image: {
      base: config.image?.base ?? defaultImage.base,
      repository: config.image?.repository ?? defaultImage.repository,
      ...(config.image?.own === undefined ? {} : { own: config.image.own }),
      ...(config.image?.node === undefined ? {} : { node: config.image.node }),
    },
    labels: config.labels ?? {},
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    logs: config.logs?.resourceNames ?? [`projects/${config.project}`],
    ...(config.binaryAuthorization === undefined ? {} : { binaryAuthorization: config.binaryAuthorization }),
    ...(config.encryptionKey === undefined ? {} : { encryptionKey: config.encryptionKey }),
    endpoints: endpointsOf(config, env),
    ...(config.impersonate === undefined ? {} : { impersonate: config.impersonate }),
  };
}

function instanceOf(instance: string, project: string, region: string): string {
  return instance.includes(':') ? instance : `${project}:${region}:${instance}`;
}

function networkOf({ network }: CloudRunConfig, connector: string): JobNetwork {
  if (network === undefined) return { kind: 'connector', connector };
  if ('connector' in network) return { kind: 'connector', connector: network.connector };
  return {
    kind: 'direct',
    ...(network.network === undefined ? {} : { network: network.network }),
    ...(network.subnetwork === undefined ? {} : { subnetwork: network.subnetwork }),
    tags: network.tags ?? [],
  };
}

function endpointsOf(
  config: CloudRunConfig,
  env: CloudRunQuestion['env'],
): Readonly<Partial<Record<GoogleService, string>>> {
  const all = env['GODWIT_ENDPOINT'];
  return Object.fromEntries(
    googleServices.flatMap((service) => {
      const url = env[`GODWIT_ENDPOINT_${service.toUpperCase()}`] ?? config.endpoints?.[service] ?? all;
      return url === undefined || url === '' ? [] : [[service, url.replace(/\/$/, '')]];
    }),
  );
}
