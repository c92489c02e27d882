import type { Outcome } from '../../kit/outcome.ts';
import type { Redactor } from '../../kit/redact.ts';
import type { RunEvent } from './event.ts';
import type { Bundle, Connector, Hashing } from './ports.ts';

/** An event before the runner counts it: `run.finished` gets its number of events when it is sent. */
type Emit = (event: RunEvent) => void;

/** What became of a program that was started. */
export interface SpawnEnd {
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  /** Empty: it ended by itself. */
  readonly signal: string;
  /** True: processes that it had left behind were ended. */
  readonly left: boolean;
}

/** A program that was started beside the runner, in a process group of its own. */
export interface Spawned {
  /** Settles when it has ended and what it wrote was read. Never rejects. */
  readonly ended: Promise<SpawnEnd>;
  /** Asks the program and what it has started to end, or ends them. */
  end(how: 'ask' | 'kill'): void;
}

/** Which of its two streams a program wrote to. */
export type OutputStream = 'stdout' | 'stderr';

/** Starts programs of the user's own. They get the address of the database, and no shell reads their arguments. */
export interface Spawner {
  /**
   * @param words the program and its arguments
   * @param variables for its environment, beside what it inherits
   * @param onOutput called with each piece that it writes
   */
  start(
    words: readonly string[],
    variables: Readonly<Record<string, string>>,
    onOutput: (stream: OutputStream, bytes: Uint8Array) => void,
  ): Promise<Outcome<Spawned>>;
}

/** How much of a program's output is told: its beginning as it comes, and its end. */
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
  /** Ends early when the run shall stop. */
  sleep(ms: number): Promise<void>;
  /** Calls `then` once, after so many milliseconds, also when the run shall stop; what it returns prevents that. */
  timer(ms: number, then: () => void): () => void;
  /**
   * How long the first connection may take with all its tries, in milliseconds: a network that is attached to a fresh
   * instance comes up late. Absent: one try.
   */
  readonly connectBudgetMs?: number;
  /** Starts commands; absent: this runner executes none. */
  readonly spawner?: Spawner;
  /** Knows what must not be told; absent: nothing is secret, or who listens masks it. */
  readonly redactor?: Redactor;
  /** Absent: 24 MiB. */
  readonly outputLimits?: OutputLimits;
  /** Whether it may do more; absent: always. */
  readonly suspension?: Suspension;
  /** Aborted when the run shall stop at the next safe point. */
  readonly signal: AbortSignal;
}

/**
 * Whether the runner may do more. A platform that moves a running process stops it and wakes it somewhere else; a laptop
 * sleeps. Afterwards its connections may be gone without a word.
 */
export interface Suspension {
  /** Undefined: go on. Otherwise it ends when the run may go on. */
  readonly held: Promise<void> | undefined;
  /** Has this called each time the process was woken; nothing goes on before it is through. Returns what undoes it. */
  onWake(look: () => Promise<void>): () => void;
  /** Ends a hold: who is to stop does not wait to be woken. */
  release(): void;
}
