import type { Finding } from '../../kit/finding.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import type { Target } from '../../migrate/contract/ports.ts';
import type { Style } from './style.ts';

/** What a person sees on standard error, and a program on standard output. Everything passes the redactor. */
export interface Screen {
  readonly style: Style;
  readonly json: boolean;
  /** True: there is no live line, and what was written stays. */
  readonly lasting: boolean;
  /** Lines for people; silent with --json. */
  say(...lines: readonly string[]): void;
  /** The product of a command, for programs; also with --json. */
  product(text: string): void;
  /** The first line of a run: where it goes. */
  target(environment: string, target: Target, note?: string): void;
  /** The same when the work is executed far away: where; the database is named when the runner has reached it. */
  place(environment: string, place: string): void;
  finding(finding: Finding): void;
  /** Says how many findings were not shown because many of their kind were; called once, at the end. */
  findingsLeft(): void;
  /** Excerpts are read from files below this folder; at first it is the working directory. */
  excerptsFrom(root: string): void;
  /** One event of a run: a line of JSON, or its part of the story for people. */
  event(event: RunEvent): void;
  /** A piece of what a command of the user's own writes, to the stream that it wrote to. */
  output(piece: OutputPiece): void;
  /** A line that is replaced by the next one; only on a terminal. */
  live(text: string): void;
  /** What goes by: the live line on a terminal, a line elsewhere. */
  passing(text: string): void;
  /** Takes the live line away. */
  settle(): void;
  /** While a person is asked, no live line runs over the question. */
  asking<T>(answer: () => Promise<T>): Promise<T>;
}

/** As it comes in an event. */
export type OutputPiece = Extract<RunEvent, { readonly kind: 'output' }>;
