import { brotliCompressSync } from 'node:zlib';
import type { Bundle, Hashing } from '../../../migrate/contract/ports.ts';
import type { Task } from '../../../migrate/contract/task.ts';
import { labelsOf } from './labels.ts';
import { connectorName, secretName, type JobNames } from './names.ts';
import type { CloudRunOptions } from './options.ts';

/** Everything that was determined before a job is made. */
export interface JobInput {
  readonly options: CloudRunOptions;
  readonly environment: string;
  readonly task: Task;
  readonly bundle: Bundle;
  readonly names: JobNames;
  /** The image, by digest. */
  readonly image: string;
  /** True when it was pushed for this run. */
  readonly pushed?: boolean;
  /** The command line of the container: Node, the runner, `job`. */
  readonly command: readonly string[];
  /** Number of the secret's version. */
  readonly secretVersion: string;
  /** The bundle, if it travels in a variable. */
  readonly carried?: string;
  /** The database server's CA as PEM text. */
  readonly serverCa?: string;
  readonly hashing: Hashing;
}

/** How long the runner tries to connect: direct egress may have no network for up to 80 seconds. */
const connectBudget = '120s';

const hour = 60 * 60_000;

/** The job in the form that the API accepts. Retries are explicitly 0: unset would mean 3. */
export function jobSpec(input: JobInput): Readonly<Record<string, unknown>> {
  const { options, task } = input;
  const labels = labelsOf(
    options,
    {
      run: task.run,
      environment: input.environment,
      bundle: input.bundle.hash,
      tool: task.actor.tool,
      token: input.names.token,
    },
    input.hashing,
  );
  return {
    labels,
    client: 'godwit',
    startExecutionToken: input.names.token,
    ...binaryAuthorizationOf(options),
    template: {
      labels,
      taskCount: 1,
      parallelism: 1,
      template: {
        containers: [
          {
            name: 'godwit',
            image: input.image,
            command: input.command,
            env: variablesOf(input),
            resources: { limits: { cpu: '1', memory: '512Mi' } },
          },
        ],
        maxRetries: 0,
        timeout: `${Math.ceil(timeoutMs(options, task) / 1_000)}s`,
        serviceAccount: options.serviceAccount,
        executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
        vpcAccess: vpcAccessOf(options),
        ...(options.encryptionKey === undefined ? {} : { encryptionKey: options.encryptionKey }),
      },
    },
  };
}

function binaryAuthorizationOf({ binaryAuthorization: policy }: CloudRunOptions): Readonly<Record<string, unknown>> {
  if (policy === undefined) return {};
  return { binaryAuthorization: policy === 'default' ? { useDefault: true } : { policy } };
}

/** A task as the value of an environment variable. */
export function packedTask(task: Task): string {
  return brotliCompressSync(Buffer.from(JSON.stringify(task))).toString('base64');
}

function variablesOf(input: JobInput): readonly Readonly<Record<string, unknown>>[] {
  const { options, carried, serverCa } = input;
  return [
    { name: 'GODWIT_TASK', value: packedTask(input.task) },
    ...(carried === undefined ? [] : [{ name: 'GODWIT_BUNDLE', value: carried }]),
    { name: 'GODWIT_BUNDLE_HASH', value: input.bundle.hash },
    { name: 'GODWIT_CONNECT_BUDGET', value: connectBudget },
    ...(serverCa === undefined ? [] : [{ name: 'GODWIT_SERVER_CA', value: serverCa }]),
    { name: 'GODWIT_SECRET', value: `${options.secret}, version ${input.secretVersion}` },
    {
      name: 'DATABASE_URL',
      valueSource: { secretKeyRef: { secret: secretReference(options), version: input.secretVersion } },
    },
  ];
}

/** A secret of the job's own project has its short name, one of another project its full name. */
function secretReference(options: CloudRunOptions): string {
  const full = secretName(options);
  const own = `projects/${options.project}/secrets/`;
  return full.startsWith(own) ? full.slice(own.length) : full;
}

function vpcAccessOf(options: CloudRunOptions): Readonly<Record<string, unknown>> {
  const egress = options.egress === 'all' ? 'ALL_TRAFFIC' : 'PRIVATE_RANGES_ONLY';
  const { network } = options;
  if (network.kind === 'connector') return { connector: connectorName(options, network.connector), egress };
  return {
    networkInterfaces: [
      {
        ...(network.network === undefined ? {} : { network: network.network }),
        ...(network.subnetwork === undefined ? {} : { subnetwork: network.subnetwork }),
        ...(network.tags.length === 0 ? {} : { tags: network.tags }),
      },
    ],
    egress,
  };
}

/**
 * How long an execution may take, in milliseconds: the configured time, otherwise long enough that the platform never
 * ends work that makes progress. The platform's own default of ten minutes would kill a long index build.
 */
export function timeoutMs(options: Pick<CloudRunOptions, 'timeoutMs'>, task: Task): number {
  // The runner ends the command itself, and records that.
  if (task.kind === 'exec' && task.timeoutMs !== undefined)
    return Math.min(167 * hour, task.timeoutMs + task.waitMs + task.graceMs + hour / 12);
  if (options.timeoutMs !== undefined) return options.timeoutMs;
  if (task.kind === 'exec') return 24 * hour;
  if (task.kind !== 'apply') return hour / 2;
  const timeouts = task.locks === undefined ? 0 : task.locks.budgetMs + task.locks.concurrentMs;
  return Math.min(24 * hour, 6 * hour + timeouts + task.waitMs);
}
