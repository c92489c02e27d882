import { Query } from 'pg';
import type { KeepRows, Reply, ResultSet, ServerError } from '../../migrate/contract/ports.ts';

interface CommandComplete {
  readonly text: string;
}
interface RowDescription {
  readonly fields: readonly { readonly name: string }[];
}
interface DataRow {
  readonly fields: (string | null)[];
}

/**
 * One message of the simple protocol. `pg` accepts only its own Query class in a pipeline, so this one extends it and
 * replaces the handling of answers: values remain text, rows that nobody requested are dropped as they arrive, and
 * finished statements are counted, because errors without a position are located by that count.
 */
export class MessageQuery extends Query {
  readonly #resolve: (reply: Reply) => void;
  readonly #keepFrom: number;
  readonly #results: ResultSet[] = [];
  #columns: readonly string[] = [];
  #rows: (readonly (string | null)[])[] = [];
  #completed = 0;
  #settled = false;

  constructor(text: string, keep: KeepRows, resolve: (reply: Reply) => void) {
    super({ text });
    this.#keepFrom = keep === 'all' ? 0 : keep === 'none' ? Infinity : keep;
    this.#resolve = resolve;
  }

  /** `pg` requires a callback as a sign that somebody listens. */
  callback(): void {}

  handleRowDescription(message: RowDescription): void {
    if (this.#completed < this.#keepFrom) return;
    this.#columns = message.fields.map((field) => field.name);
    this.#rows = [];
  }

  handleDataRow(message: DataRow): void {
    if (this.#completed < this.#keepFrom) return;
    shareValues(message.fields, this.#rows.at(-1));
    this.#rows.push(message.fields);
  }

  handleCommandComplete(message: CommandComplete): void {
    if (this.#completed >= this.#keepFrom)
      this.#results.push({ columns: this.#columns, rows: this.#rows, tag: message.text });
    this.#completed += 1;
    this.#columns = [];
    this.#rows = [];
  }

  handleEmptyQuery(): void {}

  handlePortalSuspended(): void {}

  handleCopyInResponse(connection: { sendCopyFail(reason: string): void }): void {
    connection.sendCopyFail('COPY FROM stdin needs inline data');
  }

  handleCopyData(): void {}

  handleError(error: Error): void {
    this.#settle({ ok: false, error: serverError(error), completed: this.#completed });
  }

  handleReadyForQuery(): void {
    this.#settle({ ok: true, results: this.#results });
  }

  #settle(reply: Reply): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#resolve(reply);
  }
}

/** A value that is the same as in the row before is held once: in a long history, most columns hardly change. */
function shareValues(fields: (string | null)[], before: readonly (string | null)[] | undefined): void {
  if (before === undefined) return;
  for (let at = 0; at < fields.length; at += 1) {
    const value = before[at];
    if (value !== undefined && fields[at] === value) fields[at] = value;
  }
}

/**
 * Converts an error of the driver to PostgreSQL's own fields; one without SQLSTATE, or a FATAL one, indicates that the
 * connection is gone.
 */
export function serverError(error: Error): ServerError {
  const fields = error as Error & Partial<Record<string, string>>;
  const sqlstate =
    /^[0-9A-Z]{5}$/.test(fields['code'] ?? '') && fields['severity'] !== undefined ? fields['code'] : undefined;
  const position = Number(fields['position']);
  return {
    sqlstate: sqlstate ?? '08006',
    message: error.message,
    lost: sqlstate === undefined || fields['severity'] === 'FATAL' || fields['severity'] === 'PANIC',
    ...(Number.isInteger(position) && position > 0 ? { position } : {}),
    ...optional('detail', fields['detail']),
    ...optional('hint', fields['hint']),
    ...optional('context', fields['where']),
    ...optional('schema', fields['schema']),
    ...optional('table', fields['table']),
    ...optional('column', fields['column']),
    ...optional('constraint', fields['constraint']),
    ...optional('routine', fields['routine']),
  };
}

function optional<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<Key, string>>);
}
