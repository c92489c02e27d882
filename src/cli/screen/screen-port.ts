import type { Finding } from '../../kit/finding.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import type { Target } from '../../migrate/contract/ports.ts';
import type { Style } from './style.ts';
import type { Moving } from './moving.ts';
import type { StatementSource } from './placed-statement.ts';
import type { Line } from './table.ts';

/**
 * Writes the answers of commands that ask to standard output, and what happens meanwhile to standard error. The
 * redactor masks all text.
 */
export interface Screen {
  readonly style: Style;
  readonly json: boolean;
  /** How long the command has taken so far, as its user sees it. */
  readonly elapsedMs: number;
  /** Ids of runs that the names of others must be told apart from. */
  knowRuns(ids: () => readonly string[]): void;
  /** The name of a run for people: the beginning of its id. In texts, a run is named so without asking. */
  nameOfRun(id: string): string;
  /** True: there is no live line, and what was written stays. */
  readonly lasting: boolean;
  /** Lines for people, on standard error; silent with --json. */
  say(...lines: readonly Line[]): void;
  /** The answer of a command that only asks, on standard output: people pass it on, to a file or to `grep`. */
  answer(...lines: readonly Line[]): void;
  /** The product of a command, for programs, exactly as it is; also with --json. */
  product(text: string): void;
  /** A document of JSON on standard output: each of its texts is masked. */
  document(value: object): void;
  /** The first line of a run: the database that it works on. */
  target(environment: string, target: Target, note?: string): void;
  /** The same for remote work: the place of execution. The database is named when the runner has reached it. */
  place(environment: string, place: string): void;
  finding(finding: Finding): void;
  /** Says how many findings were not shown because there were too many of one code; called once, at the end. */
  findingsLeft(): void;
  /** Sets the folder whose files provide excerpts; until then it is the working directory. */
  excerptsFrom(root: string): void;
  /** Writes one event of a run: as a line of JSON, or as text for people. */
  event(event: RunEvent): void;
  /** Passes on a piece of output of the user's own command, to the stream that the command wrote to. */
  output(piece: OutputPiece): void;
  /**
   * What is under way. On a terminal, a line that is replaced by the next one; elsewhere, one line when it lasts, and one
   * a minute.
   */
  live(work: string | Moving): void;
  /** The statements of a migration, as far as this machine has read it. */
  readonly statements: StatementSource;
  statementsFrom(source: StatementSource): void;
  /** Shows a passing state: as the live line on a terminal, as an ordinary line elsewhere. */
  passing(text: string): void;
  /** Removes the live line. */
  settle(): void;
  /** Hides the live line while a person is asked, so that it does not overwrite the question. */
  asking<T>(answer: () => Promise<T>): Promise<T>;
}

/** A piece of a command's output, as an event contains it. */
export type OutputPiece = Extract<RunEvent, { readonly kind: 'output' }>;
