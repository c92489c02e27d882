import type { RunningTask } from '../../executors/executor.ts';
import { perWorld, type World } from '../../core/world.ts';
import type { JsonObject } from '../../core/json.ts';

/** A job as it is stored, in proto3 JSON. */
export interface JobRecord {
  job: JsonObject;
}

/** Why an execution ended. */
export type ExecutionEnd =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string }
  | { readonly kind: 'cancelled' };

export interface TaskRecord {
  readonly name: string;
  readonly index: number;
  readonly createTime: string;
  startTime?: string;
  completionTime?: string;
  retried: number;
  outcome: 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  /** The attempt's result, as `TaskAttemptResult`. */
  last?: JsonObject;
  running?: RunningTask;
}

export interface ExecutionRecord {
  readonly name: string;
  readonly job: string;
  readonly uid: string;
  readonly creator: string;
  readonly createTime: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly parallelism: number;
  /** The task template with the overrides of this run. */
  readonly template: JsonObject;
  readonly tasks: readonly TaskRecord[];
  startTime?: string;
  completionTime?: string;
  updateTime: string;
  cancelling: boolean;
  end?: ExecutionEnd;
  /** Until this time, in milliseconds, reads and lists do not show it. */
  readonly visibleAt: number;
  /** True: its end has no time. */
  untimedEnd?: true;
  /** Resolves when it has ended, for operations and deletions. */
  settled: Promise<void>;
  etag: number;
}

/** The jobs and executions of a world. */
export interface RunState {
  readonly jobs: Map<string, JobRecord>;
  readonly executions: Map<string, ExecutionRecord>;
}

export const runOf: (world: World) => RunState = perWorld((world) => {
  const state: RunState = { jobs: new Map<string, JobRecord>(), executions: new Map<string, ExecutionRecord>() };
  world.onStop(async () => {
    const open = [...state.executions.values()].filter((each) => each.end === undefined);
    for (const execution of open) {
      execution.cancelling = true;
      for (const task of execution.tasks) task.running?.signal('SIGKILL');
    }
    await Promise.all(open.map((each) => each.settled));
  });
  return state;
});

/** The parts of a name below `projects/…/locations/…`. */
export interface RunName {
  readonly project: string;
  readonly location: string;
  readonly job: string;
  readonly execution: string;
}

export function runName(name: string): RunName {
  const part = (kind: string): string => new RegExp(`(?:^|/)${kind}/([^/]+)`).exec(name)?.[1] ?? '';
  return { project: part('projects'), location: part('locations'), job: part('jobs'), execution: part('executions') };
}

/** The part `projects/p/locations/r` of a name. */
export const placeOf = (name: string): string => name.split('/').slice(0, 4).join('/');
