import { createFaults, type Faults } from './core/faults.ts';
import { createIam, someone, type Iam, type IamModel } from './core/iam.ts';
import type { JsonObject } from './core/json.ts';
import { createOperations } from './core/operations.ts';
import type { RecordedCall, World } from './core/world.ts';
import { anyImage } from './executors/image-source.ts';
import { processExecutor } from './executors/process.ts';
import { startRest } from './http/server.ts';
import { descriptors } from './proto/descriptors.generated.ts';
import { plainModules, protoModules } from './services/all.ts';
import { logsOf } from './services/logging/store.ts';
import { runOf } from './services/run/records.ts';
import { executionView } from './services/run/views.ts';
import { createSeed, type Seed } from './world.ts';

export interface EmulatorOptions {
  /** 0 or nothing for a free one. Loopback only. */
  readonly port?: number;
  /** Where tasks run. `folder` stands for `/godwit/` of every image, as long as images do not come from a registry. */
  readonly execution?: {
    readonly kind: 'process';
    readonly env?: Readonly<Record<string, string>>;
    readonly folder?: string;
  };
  /** Who may do what; `open` lets everybody do everything. */
  readonly iam?: IamModel | 'open';
}

/** What an emulator has seen and done. */
export interface EmulatorState {
  /** Names of the jobs that are there: none is left when everything was cleaned up. */
  readonly jobs: readonly JsonObject[];
  readonly executions: readonly JsonObject[];
  /** Every log entry, also those that cannot be read yet. */
  readonly logs: readonly JsonObject[];
}

export interface Emulator extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`: REST of all services. */
  readonly url: string;
  /** What a controller needs to find the emulator, as a principal. */
  env(principal?: string): Readonly<Record<string, string>>;
  readonly seed: Seed;
  readonly faults: Faults;
  readonly iam: Iam;
  readonly calls: readonly RecordedCall[];
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
  const { world, stop: stopWorld } = createWorld(options);
  const rest = await startRest(world, { proto: protoModules, plain: plainModules }, options.port ?? 0);
  const url = `http://127.0.0.1:${rest.port}`;
  const stop = async (): Promise<void> => {
    await rest.close();
    await stopWorld();
  };
  return {
    url,
    env: (principal = someone) => ({ GODWIT_ENDPOINT: url, GOOGLE_OAUTH_ACCESS_TOKEN: world.iam.token(principal) }),
    seed: createSeed(world),
    faults: world.faults,
    iam: world.iam,
    calls: world.calls,
    state: stateOf(world),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function createWorld(options: EmulatorOptions): { readonly world: World; readonly stop: () => Promise<void> } {
  const stops: (() => Promise<void> | void)[] = [];
  const world: World = {
    descriptors,
    operations: createOperations(),
    iam: createIam(options.iam ?? 'open'),
    faults: createFaults(),
    calls: [],
    executor: processExecutor(options.execution?.env),
    images: anyImage(options.execution?.folder),
    now: () => new Date().toISOString(),
    onStop: (stop) => void stops.push(stop),
  };
  return {
    world,
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
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
