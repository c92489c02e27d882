import type { LocalImage } from './image-source.ts';

/** One attempt of a task, ready to start. */
export interface TaskStart {
  /** The job's command and arguments; empty to use the image's own. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly image: LocalImage;
  /** The network lets the task out only after this time; 0: at once. */
  readonly networkDelayMs: number;
  /** Receives each line that the task writes, without its end. */
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
}

/** How a task ended: with an exit code, or by a signal. */
export interface TaskEnd {
  readonly exitCode: number;
  readonly signal?: NodeJS.Signals;
}

export interface RunningTask {
  /** The process id, if the task is a process. */
  readonly pid?: number | undefined;
  readonly ended: Promise<TaskEnd>;
  /** Signals the task and everything that it started. */
  signal(signal: 'SIGTERM' | 'SIGKILL' | 'SIGTSTP' | 'SIGCONT'): void;
  /** Drops the task's open flows, as a live migration does; absent when the executor has no network of its own. */
  dropFlows?(): Promise<void>;
}

/** Where tasks run. */
export interface Executor {
  readonly kind: 'process' | 'namespace' | 'podman';
  start(task: TaskStart): Promise<RunningTask>;
  /** Removes what it keeps for tasks. */
  close(): Promise<void>;
}
