import type { Outcome } from '../../kit/outcome.ts';
import type { RunEvent } from '../contract/event.ts';
import type { Bundle, Session } from '../contract/ports.ts';
import type { Task } from '../contract/task.ts';

/** What the throwaway server must have in common with the real one. */
export interface RehearsalOptions {
  /** Major version of PostgreSQL. */
  readonly major: number;
  readonly database: string;
  /** Name of the role that runs the migrations. */
  readonly user: string;
  /** The search path, as the setting is written. */
  readonly searchPath: string;
}

/** An empty database on a throwaway server, for exclusive use. Closing it removes everything. */
export interface Rehearsal {
  /** Lets the runner perform a task there, as in any environment; returns its exit code. */
  perform(task: Task, bundle: Bundle, onEvent: (event: RunEvent) => void): Promise<number>;
  /** A session of a superuser. The caller closes it. */
  open(): Promise<Outcome<Session>>;
  /** Stops the server and removes its files. May be called twice. */
  close(): Promise<void>;
}

/** Starts throwaway servers. */
export interface Rehearsals {
  /**
   * @param onProgress receives what takes time, as text: a server is downloaded
   * @param signal aborted: work in progress is given up
   */
  start(
    options: RehearsalOptions,
    progress: {
      readonly onProgress?: (text: string, step: 'download' | 'other') => void;
      readonly signal?: AbortSignal;
    },
  ): Promise<Outcome<Rehearsal>>;
}
