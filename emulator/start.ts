import { createFaults, type Disturbance, type Faults } from './core/faults.ts';
import { createIam, someone, type Iam, type IamModel } from './core/iam.ts';
import type { JsonObject } from './core/json.ts';
import { createOperations } from './core/operations.ts';
import { leastRole, type UsedPermission } from './core/role.ts';
import type { RecordedCall, World } from './core/world.ts';
import type { Executor } from './executors/executor.ts';
import { anyImage } from './executors/image-source.ts';
import { namespaceExecutor } from './executors/namespace.ts';
import { podmanExecutor } from './executors/podman.ts';
import { processExecutor } from './executors/process.ts';
import { registryImages } from './executors/registry-images.ts';
import { startGrpc, type GrpcFront } from './grpc/server.ts';
import { startRest } from './http/server.ts';
import { descriptors } from './proto/descriptors.generated.ts';
import { iamAccess } from './registry/iam-access.ts';
import { createRegistry, type Registry } from './registry/registry.ts';
import { plainModules, protoModules } from './services/all.ts';
import { placeRegistry } from './services/artifact-registry/stored.ts';
import { logsOf } from './services/logging/store.ts';
import { runOf } from './services/run/records.ts';
import { executionView } from './services/run/views.ts';
import { createSeed, type Seed } from './world.ts';

/** Where tasks run. */
type Execution = {
  /** Variables for every task, in addition to the job's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds between SIGTERM and SIGKILL; by default 10,000. */
  readonly graceMs?: number;
  /** A folder that represents `/godwit/` in images whose layers contain none. */
  readonly folder?: string;
} & (
  | { readonly kind: 'process' }
  /** Inside a network namespace, by its file: `/proc/PID/ns/net`. */
  | { readonly kind: 'namespace'; readonly path: string }
  /** As containers inside a network namespace, by its file; `storage` keeps pulled images. */
  | { readonly kind: 'podman'; readonly network: string; readonly storage?: string }
);

export interface EmulatorOptions {
  /** By default, or with 0, a free port. Loopback only. */
  readonly port?: number;
  /** The emulator's registry; `false` for none: then every image is assumed to exist. */
  readonly registry?: { readonly port?: number } | false;
  /** Where tasks run; by default as plain processes. */
  readonly execution?: Execution;
  /** The permissions of principals; `open` permits everything to everybody. */
  readonly iam?: IamModel | 'open';
  /** How the log disturbs its readers, in addition to the planned faults; by default not. */
  readonly disturbance?: Disturbance;
}

/** The state of an emulator, for tests. */
interface EmulatorState {
  /** Names of the existing jobs: none after a complete clean-up. */
  readonly jobs: readonly JsonObject[];
  readonly executions: readonly JsonObject[];
  /** Every log entry, including those that are not readable yet. */
  readonly logs: readonly JsonObject[];
}

export interface Emulator extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`: REST of all services. */
  readonly url: string;
  /** `127.0.0.1:PORT` of the registry, the first part of an image's name; empty without one. */
  readonly registry: string;
  /** The registry itself: its content, faults and requests. */
  readonly images: Registry | undefined;
  /** The environment by which a controller finds the emulator, as a principal. */
  env(principal?: string): Readonly<Record<string, string>>;
  /** The port of the gRPC front, which starts on first use. Needs the development dependencies. */
  grpcPort(): Promise<number>;
  readonly seed: Seed;
  readonly faults: Faults;
  readonly iam: Iam;
  readonly calls: readonly RecordedCall[];
  /** The permissions that a principal's calls needed: the smallest sufficient role. */
  role(principal: string): readonly UsedPermission[];
  readonly state: EmulatorState;
  stop(): Promise<void>;
}

/**
 * Starts Google Cloud as far as godwit needs it, on loopback.
 *
 * @example
 * await using cloud = await startEmulator({ execution: { kind: 'process', folder: 'dist' } });
 * cloud.seed.project('acme-dev');
 * cloud.seed.secret('acme-dev', 'database-url-dev', url);
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  let iam: Iam | undefined;
  const access = iamAccess(() => iam);
  const registry = options.registry === false ? undefined : await createRegistry({ access, ...options.registry });
  const { world, stop: stopWorld } = createWorld(options, registry);
  iam = world.iam;
  placeRegistry(world, registry);
  const rest = await startRest(world, { proto: protoModules, plain: plainModules }, options.port ?? 0);
  const url = `http://127.0.0.1:${rest.port}`;
  let grpc: Promise<GrpcFront> | undefined;
  const stop = async (): Promise<void> => {
    (await grpc)?.close();
    await rest.close();
    await stopWorld();
    await registry?.close();
  };
  return {
    url,
    registry: registry?.host ?? '',
    images: registry,
    env: (principal = someone) => ({ GODWIT_ENDPOINT: url, GOOGLE_OAUTH_ACCESS_TOKEN: world.iam.token(principal) }),
    grpcPort: async () => (await (grpc ??= startGrpc(world, protoModules))).port,
    seed: createSeed(world, registry),
    faults: world.faults,
    iam: world.iam,
    calls: world.calls,
    role: (principal) => leastRole(world.calls, principal),
    state: stateOf(world),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function createWorld(
  options: EmulatorOptions,
  registry: Registry | undefined,
): { readonly world: World; readonly stop: () => Promise<void> } {
  const stops: (() => Promise<void> | void)[] = [];
  const { folder } = options.execution ?? {};
  const images = registry === undefined ? anyImage(folder) : registryImages(registry, folder);
  const world: World = {
    descriptors,
    operations: createOperations(),
    iam: createIam(options.iam ?? 'open'),
    faults: createFaults(),
    calls: [],
    executor: executorOf(options.execution),
    images,
    graceMs: options.execution?.graceMs ?? 10_000,
    disturbance: options.disturbance,
    now: () => new Date().toISOString(),
    onStop: (stop) => void stops.push(stop),
  };
  return {
    world,
    stop: async () => {
      for (const stop of stops) await stop();
      await world.executor.close();
      images.close();
    },
  };
}

function executorOf(execution: Execution | undefined): Executor {
  if (execution?.kind === 'namespace') return namespaceExecutor(execution.path, execution.env);
  if (execution?.kind === 'podman') return podmanExecutor(execution.network, execution.storage);
  return processExecutor(execution?.env);
}

function stateOf(world: World): EmulatorState {
  return {
    get jobs() {
      return [...runOf(world).jobs.values()].map((record) => record.job);
    },
    get executions() {
      return [...runOf(world).executions.values()].map(executionView);
    },
    get logs() {
      return logsOf(world).all;
    },
  };
}
