import { resolve } from 'node:path';
import type { IamModel } from '../../emulator/core/iam.ts';
import type { Emulator } from '../../emulator/start.ts';
import { createCloudRunEngine } from '../../src/adapters/engines/cloud-run/engine.ts';
import type { EngineTimeouts } from '../../src/adapters/engines/cloud-run/context.ts';
import type { CloudRunOptions } from '../../src/adapters/engines/cloud-run/options.ts';
import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import { createGoogle } from '../../src/adapters/google/google.ts';
import { createRedactor } from '../../src/kit/redact.ts';
import { executeTask, type Execution } from '../../src/migrate/controller/execute-task.ts';
import type { Engine } from '../../src/migrate/contract/engine.ts';
import type { RunEvent } from '../../src/migrate/contract/event.ts';
import type { Bundle } from '../../src/migrate/contract/ports.ts';
import type { Task } from '../../src/migrate/contract/task.ts';
import { cloudRunOptions } from '../../src/project/cloud-run-options.ts';
import type { CloudRunConfig } from '../../src/project/config-model.ts';
import { buildCloud, type Cloud } from './cloud.ts';

/** A cloud with environment `dev`, and engines for it, each as if on its own machine. */
export interface JobWorld extends AsyncDisposable {
  readonly cloud: Cloud;
  readonly emulator: Emulator;
  readonly options: CloudRunOptions;
  /** What the engines have said of their progress. */
  readonly progress: readonly string[];
  /**
   * An engine that knows nothing about the others; `env` replaces the variables that identify the cloud and its
   * credentials.
   */
  engine(env?: Readonly<Record<string, string>>, budgetMs?: number, timeouts?: Partial<EngineTimeouts>): Engine;
  /** Performs a task and returns how it ended. */
  perform(
    task: Task,
    bundle: Bundle,
    options?: { engine?: Engine; signal?: AbortSignal; onEvent?: (event: RunEvent) => void },
  ): Promise<Execution>;
  /** Calls of the emulator by their short name. */
  called(method: string): number;
}

/** @param url of the database, which the secret contains */
export async function jobWorld(
  url: string,
  config: Partial<CloudRunConfig> = {},
  iam: IamModel | 'open' = 'open',
): Promise<JobWorld> {
  const cloud = await buildCloud({ iam });
  const { emulator } = cloud;
  const environment = cloud.environment('dev', url, config);
  const options = cloudRunOptions({
    name: 'dev',
    config: environment.engine as CloudRunConfig,
    database: environment.database,
    env: cloud.env,
  });
  const progress: string[] = [];
  const engine = (
    variables: Readonly<Record<string, string>> = cloud.env,
    budgetMs = 20_000,
    timeouts: Partial<EngineTimeouts> = {},
  ): Engine => {
    const redactor = createRedactor();
    const google = createGoogle({
      endpoints: options.endpoints,
      env: variables,
      redactor,
      budgetMs,
      quotaProject: options.project,
    });
    return createCloudRunEngine({
      options,
      environment: 'dev',
      google,
      hashing: nodeHashing,
      redactor,
      runner: resolve('dist/runner.cjs'),
      onProgress: (text) => void progress.push(text),
      timeouts: {
        firstPauseMs: 30,
        longestPauseMs: 250,
        pollMs: 50,
        linesMs: 3_000,
        tokenMs: 300,
        grantMs: 30,
        ...timeouts,
      },
    });
  };
  return {
    cloud,
    emulator,
    options,
    progress,
    engine,
    perform: (task, bundle, options = {}) =>
      executeTask({
        task,
        engine: options.engine ?? engine(),
        bundle,
        target: 'u@db:5432/d',
        command: 'up',
        now: () => new Date().toISOString(),
        onEvent: options.onEvent ?? (() => {}),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      }),
    called: (method) => emulator.calls.filter((call) => call.method.endsWith(method)).length,
    [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose](),
  };
}
