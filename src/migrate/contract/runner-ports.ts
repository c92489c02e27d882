import type { Outcome } from '../../kit/outcome.ts';
import type { Redactor } from '../../kit/redact.ts';
import type { RunEvent } from './event.ts';
import type { Bundle, Connector, Hashing } from './ports.ts';

/** An event before the runner counts it: `run.finished` gets its number of events when it is sent. */
type Emit = (event: RunEvent) => void;

/** How a started program ended. */
export interface SpawnEnd {
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  /** Empty: it exited on its own. */
  readonly signal: string;
  /** True: processes that it left behind were terminated. */
  readonly left: boolean;
}

/** A program that was started next to the runner, in a process group of its own. */
export interface Spawned {
  /** Settles when it has ended and its output has been read. Never rejects. */
  readonly ended: Promise<SpawnEnd>;
  /** Asks the program and its children to end, or kills them. */
  end(how: 'ask' | 'kill'): void;
}

/** Which of its two streams a program wrote to. */
export type OutputStream = 'stdout' | 'stderr';

/**
 * Starts programs of the user's own. They get the address of the database; their arguments do not pass through a shell.
 */
export interface Spawner {
  /**
   * @param words the program and its arguments
   * @param variables for its environment, in addition to what it inherits
   * @param onOutput called with each piece that it writes
   */
  start(
    words: readonly string[],
    variables: Readonly<Record<string, string>>,
    onOutput: (stream: OutputStream, bytes: Uint8Array) => void,
  ): Promise<Outcome<Spawned>>;
}

/** How much of a program's output is reported: its beginning as it arrives, and its end. */
export interface OutputLimits {
  /** Events for the beginning and the end together. */
  readonly events: number;
  /** Bytes for the beginning and the end together. */
  readonly bytes: number;
}

/** What a runner needs from the outside. */
export interface RunnerPorts {
  readonly connector: Connector;
  readonly bundle: Bundle;
  readonly hashing: Hashing;
  readonly emit: Emit;
  /** Milliseconds of a monotonic clock. */
  clock(): number;
  /** The wall clock, ISO 8601 UTC: for texts only, never for order. */
  now(): string;
  /** From 0 to 1. */
  random(): number;
  /** Ends early when the run is to stop. */
  sleep(ms: number): Promise<void>;
  /**
   * Calls `then` once after `ms` milliseconds, even when the run is to stop; the returned function prevents the call.
   */
  timer(ms: number, then: () => void): () => void;
  /**
   * How long the first connection may take with all its tries, in milliseconds: the network of a fresh instance comes
   * up late. Absent: one try.
   */
  readonly connectBudgetMs?: number;
  /** True: the control connection of a run is opened only when it is needed: many runs are under way in this process. */
  readonly controlWhenAsked?: boolean;
  /** Starts commands; absent: this runner executes no commands. */
  readonly spawner?: Spawner;
  /** Masks secrets; absent: there are none, or the receiver masks them. */
  readonly redactor?: Redactor;
  /** Absent: 24 MiB. */
  readonly outputLimits?: OutputLimits;
  /** Suspends the runner; absent: it is never suspended. */
  readonly suspension?: Suspension;
  /** Aborted when the run is to stop at the next safe point. */
  readonly signal: AbortSignal;
}

/**
 * Whether the runner is suspended. A platform that moves a running process stops it and wakes it elsewhere; a laptop
 * sleeps. Afterwards its connections may be gone without notice.
 */
export interface Suspension {
  /** Undefined: not suspended. Otherwise it settles when the run may continue. */
  readonly held: Promise<void> | undefined;
  /**
   * Registers a function that is called each time the process wakes; nothing continues until it has finished. Returns a
   * function that unregisters it.
   */
  onWake(check: () => Promise<void>): () => void;
  /** Ends a suspension: a run that is to stop does not wait to be woken. */
  release(): void;
}
