import type { RunEvent } from './event.ts';
import type { Pace } from './control/pace.ts';
import type { Bundle, Connector, Hashing } from './ports.ts';

/** An event before the runner counts it: `run.finished` gets its number of events when it is sent. */
type Emit = (event: RunEvent) => void;

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
  /** Whether it may do more; absent: always. */
  readonly pace?: Pace;
  /** Aborted when the run shall stop at the next safe point. */
  readonly signal: AbortSignal;
}
