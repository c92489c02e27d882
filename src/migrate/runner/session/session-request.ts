import type { SessionOptions } from '../../contract/ports.ts';
import { isChange, type ApplyTask, type InspectTask, type OnDisconnect, type Task } from '../../contract/task.ts';
import { historyMessages } from '../history/read-history.ts';
import { atWork, runsMessage } from '../inspect/read-runs.ts';
import { factsMessage } from './server-facts.ts';
import { sessionSettings } from './session-settings.ts';

/** Options for opening a session of a run. */
export interface SessionRequest {
  readonly run: string;
  readonly pipelined: boolean;
  readonly onDisconnect: OnDisconnect;
  /** True: the connection is known to go through a pooler. */
  readonly pooled?: boolean;
  /**
   * Settings that later sessions of a run copy from its first one, because a file may have changed the database's own.
   */
  readonly pinned?: Readonly<Record<string, string>>;
}

/** What a session of a run is opened with. */
export function sessionOptions(
  { run, pipelined, onDisconnect, pooled, pinned }: SessionRequest,
  settings: SessionOptions['settings'] = {},
): SessionOptions {
  return {
    pipelined,
    pooled: pooled === true,
    applicationName: `godwit ${run}`,
    settings: { ...settings, ...sessionSettings(onDisconnect), ...pinned },
  };
}

/** As much of a task as its first session depends on. */
export type FirstTask =
  | Pick<ApplyTask, 'kind' | 'onDisconnect'>
  | Pick<InspectTask, 'kind' | 'what'>
  | { readonly kind: Exclude<Task['kind'], 'apply' | 'inspect'> };

/** How the first session of a task is opened. */
export function firstRequest(task: FirstTask & { readonly run: string }): SessionRequest {
  const onDisconnect = task.kind === 'apply' ? task.onDisconnect : 'cancel';
  return { run: task.run, pipelined: true, onDisconnect, pinned: pinnedFor(task) };
}

const readersWaitMs = 300_000;

/** A task that only reads holds nothing that others wait for; one that stops a run must not wait for a standby. */
export function pinnedFor({ kind }: Pick<Task, 'kind'>): Readonly<Record<string, string>> {
  if (kind === 'cancel') return { synchronous_commit: 'local' };
  return isChange(kind) ? {} : { lock_timeout: `${readersWaitMs}ms` };
}

/**
 * The messages with which a task begins, which may be sent before it is made: they only read. A history is read only as
 * early as its answer may be that old: a run that changes something reads it under the run lock, and a verification
 * compares it with what is there.
 */
export function firstMessages(task: FirstTask): readonly string[] {
  const isAnswer = task.kind === 'plan' || task.kind === 'inspect';
  return [
    factsMessage,
    ...(isAnswer ? historyMessages : []),
    ...(task.kind === 'inspect' && task.what === 'history' ? [runsMessage(atWork)] : []),
  ];
}
