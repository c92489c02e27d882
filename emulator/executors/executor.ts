import type { LocalImage } from './image-source.ts';

/** One attempt of a task, ready to be started. */
export interface TaskStart {
  /** Command and arguments as the job says; empty when the image's own are wanted. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly image: LocalImage;
  /** The network lets the task out only after this time; 0 for at once. */
  readonly networkDelayMs: number;
  /** Takes each line that the task writes, without its end. */
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
}

/** How a task ended: by itself with a code, or by a signal. */
export interface TaskEnd {
  readonly exitCode: number;
  readonly signal?: NodeJS.Signals;
}

export interface RunningTask {
  /** Of the process, where the task is one. */
  readonly pid?: number | undefined;
  readonly ended: Promise<TaskEnd>;
  /** To the task with everything that it started. */
  signal(signal: 'SIGTERM' | 'SIGKILL' | 'SIGTSTP' | 'SIGCONT'): void;
  /** Drops the flows that the task has open, as a live migration does; where the executor has a network to do it in. */
  dropFlows?(): Promise<void>;
}

/** Where tasks run. */
export interface Executor {
  readonly kind: 'process' | 'namespace' | 'podman';
  start(task: TaskStart): Promise<RunningTask>;
  /** Removes what it keeps for tasks. */
  close(): Promise<void>;
}
