import { quoteLiteral } from '../../../sql/quote.ts';
import type { Analysis, Segment, Statement } from '../../contract/model.ts';
import { type TimedGroup, describeGroup } from '../../read/statement-groups.ts';

/** The place of a stretch of a file: its bytes, and line and column of its first token. */
export type FileStretch = Pick<Statement, 'start' | 'head' | 'end' | 'line' | 'column' | 'count'>;

/** A user's statement inside a message: where it begins, in UTF-16 units, and its index. */
export interface MessagePiece {
  readonly at: number;
  readonly text: string;
  /** Index into the analysis. */
  readonly statement: number;
  /** The statement itself, or the part of a folded range that this message carries. */
  readonly stretch: FileStretch;
}

/** One message of the simple protocol, with the data needed to place an error that the server reports for it. */
export interface Message {
  readonly text: string;
  readonly pieces: readonly MessagePiece[];
  /** For each command of the message the index of the user's statement that it is, or of godwit's own part. */
  readonly owners: readonly (number | 'before' | 'after')[];
}

const modes = 'ISOLATION LEVEL READ COMMITTED READ WRITE';
const toStart: readonly string[] = ['RESET SESSION AUTHORIZATION', 'RESET ROLE', 'RESET ALL'];
const reset: readonly string[] = [`BEGIN ${modes}`, ...toStart];

/** Like `reset`, for a message that is one transaction without BEGIN. */
export const unboundReset: readonly string[] = [`SET TRANSACTION ${modes}`, ...toStart];

const asText = (commands: readonly string[]): string => commands.map((command) => `${command};\n`).join('');

/** The beginning of messages that change the database: one transaction, and settings as at start-up. */
export const sessionReset: {
  readonly commands: readonly string[];
  readonly text: string;
  /** The text in a message without BEGIN. */
  readonly unbound: string;
} = { commands: reset, text: asText(reset), unbound: asText(unboundReset) };

const stepOpening: readonly string[] = ['SAVEPOINT godwit_migration', 'RESET ALL'];

/** The beginning of a later migration of a transaction that several share. Fails if that transaction is over. */
export const stepReset: { readonly commands: readonly string[]; readonly text: string } = {
  commands: stepOpening,
  text: asText(stepOpening),
};

/**
 * The opening of every message: one transaction regardless of the role's defaults, settings as at start-up, the guard.
 * The file's isolation level precedes the guard, because the server accepts it only before the first query; under such
 * a level the guard fails (40001) if it would read an old snapshot.
 */
export function opening(
  epoch: string,
  head: string,
  analysis?: Analysis,
  isolation?: NonNullable<Segment['modes']>['isolation'],
): readonly string[] {
  return [
    ...reset,
    ...(isolation === undefined ? [] : [`SET TRANSACTION ISOLATION LEVEL ${isolation}`]),
    `SELECT godwit.enter(${epoch}, ${quoteLiteral(head)})`,
    ...(analysis === undefined ? [] : timeouts(analysis, 'LOCAL')),
  ];
}

/**
 * The timeouts that a file asks for. `SESSION` for a statement outside transactions: they apply until the next opening
 * resets them.
 */
export function timeouts(analysis: Analysis, scope: 'LOCAL' | 'SESSION'): readonly string[] {
  const { lockTimeout, statementTimeout } = analysis.directives;
  return [
    ...(lockTimeout === undefined ? [] : [`SET ${scope} lock_timeout TO ${quoteLiteral(lockTimeout)}`]),
    ...(statementTimeout === undefined ? [] : [`SET ${scope} statement_timeout TO ${quoteLiteral(statementTimeout)}`]),
  ];
}

/**
 * Wraps the statements of a transaction that the file wants READ ONLY. The record must write, so only the
 * subtransaction is read-only, and the server reverts that at its end.
 */
export const readOnly: { readonly before: readonly string[]; readonly after: readonly string[] } = {
  before: ['SAVEPOINT godwit_read_only', 'SET TRANSACTION READ ONLY'],
  after: ['RELEASE SAVEPOINT godwit_read_only'],
};

/** Follows the user's statements, so that none of their settings affect the record. */
export const settling: readonly string[] = [
  'SET CONSTRAINTS ALL IMMEDIATE',
  'RESET SESSION AUTHORIZATION',
  'RESET ROLE',
];

/**
 * Removes what a file has made in the session: a temporary table would hide the next file's table of that name, a
 * prepared statement would make the next one fail.
 */
export const leaving: readonly string[] = ['CLOSE ALL', 'DISCARD TEMP', 'DEALLOCATE ALL'];

const tick =
  "SELECT pg_catalog.set_config('godwit.t', pg_catalog.concat(pg_catalog.current_setting('godwit.t', true), ',', " +
  "pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())), true)";

/**
 * Follows a ROLLBACK TO, which has undone the times noted since its savepoint: as many times are noted again, all equal
 * to that of the savepoint, so that the duration of what was undone counts for the ROLLBACK TO.
 */
export function notedAgain({ backTo }: Statement, index: number, groups: readonly TimedGroup[]): readonly string[] {
  if (backTo === undefined) return [];
  const lost = groups.filter(({ first }) => backTo < first && first <= index).length;
  if (lost === 0) return [];
  return [
    "SELECT pg_catalog.set_config('godwit.t', pg_catalog.concat(t, pg_catalog.repeat(pg_catalog.concat(',', " +
      `pg_catalog.substring(t, '[^,]*$')), ${lost})), true) FROM pg_catalog.current_setting('godwit.t', true) AS t`,
  ];
}

/** Joins godwit's commands and the user's statements into one message. */
export class MessageBuilder {
  #text = '';
  readonly #pieces: MessagePiece[] = [];
  readonly #owners: (number | 'before' | 'after')[] = [];

  /** Adds godwit's own commands. */
  own(part: 'before' | 'after', commands: readonly string[]): this {
    for (const command of commands) {
      this.#text += `${command};\n`;
      this.#owners.push(part);
    }
    return this;
  }

  /** Adds a user's statement (or a folded range of them) in the user's own bytes. */
  user(statement: number, text: string, stretch: FileStretch): this {
    this.#pieces.push({ at: this.#text.length, text, statement, stretch });
    // The semicolon is on its own line: the statement may end in a comment that runs to the end of its line.
    this.#text += `${text}\n;\n`;
    for (let n = 0; n < stretch.count; n += 1) this.#owners.push(statement);
    return this;
  }

  /** Lets the server's clock note the end of the preceding statement. */
  tick(): this {
    return this.own('after', [tick]);
  }

  /** Number of commands so far. */
  get commands(): number {
    return this.#owners.length;
  }

  build(): Message {
    return { text: this.#text, pieces: this.#pieces, owners: this.#owners };
  }
}

/** Arguments of `note_done` and `record`: the ordinal of the first group, then arrays of tag, line, count and hash. */
export function statementArrays(statements: readonly Statement[], groups: readonly TimedGroup[]): string {
  const rows = groups.map((group) => describeGroup(statements, group));
  const array = (values: readonly string[]): string =>
    `ARRAY[${values.map(quoteLiteral).join(',')}]::pg_catalog.text[]`;
  const numbers = (values: readonly number[]): string => `ARRAY[${values.join(',')}]::pg_catalog.int4[]`;
  return [
    String(groups[0]?.first ?? 0),
    array(rows.map((row) => row.tag)),
    numbers(rows.map((row) => row.line)),
    numbers(rows.map((row) => row.count)),
    array(rows.map((row) => row.hash)),
  ].join(', ');
}
