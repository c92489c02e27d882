import { differences, type EventBody } from './event-body.ts';
import { utc } from './read-in-parts.ts';
import type { AnswerRow } from '../../contract/ports.ts';

/** Kinds of events that each have a row in godwit.migration. */
export const recordedKinds: ReadonlySet<string> = new Set(['applied', 'reverted', 'adopted', 'baseline', 'squashed']);

/** An event that records that a migration became part of the history, or stopped being part of it. */
export interface RecordedEvent {
  readonly kind: string;
  readonly body: EventBody;
}

const hex = (text: string): string =>
  `pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(${text}, 'UTF8')), 'hex')`;
const list = (column: string): string => `pg_catalog.string_agg(${column}, ',' order by s.ordinal)`;
/** The same digest as in `godwit.statements_digest`. */
const digest = hex(
  `pg_catalog.concat_ws('|', ${list('s.tag')}, ${list('s.line::text')}, ${list('s.count::text')}, ${list('s.hash')})`,
);

/** The text of its down file, as in the event `down-kept`; null: none is stored. */
const keptDown = `(select pg_catalog.json_build_array(d.file, d.checksum, pg_catalog.encode(pg_catalog.sha256(d.body), 'hex'), d.created)
  from godwit.recorded_down d where d.seq = m.seq)`;

/** Rows of these runs for `alteredMigrations`, in the order of the history. */
export function migrationsOf(runs: string, after: AnswerRow | undefined, version: number): string {
  return `select m.seq, m.id, ${version > 1 ? 'm.set' : "'app'"}, m.name, m.file, m.checksum, m.kind, m.run, ${utc('m.at')}, m.ms,
  (select case when pg_catalog.count(*) = 0 then '' else ${digest} end from godwit.statement s where s.seq = m.seq),
  ${version > 2 ? keptDown : 'null'}
from godwit.migration m where m.run in (${runs}) and m.seq > ${after?.[0] ?? '0'} order by m.seq`;
}

/** The digests of an empty list of statements. */
const emptyDigests = `${hex("''")}, ${hex("'|||'")}`;

/** A query for the digests of an empty list of statements. */
export const digestsOfNone = `select ${emptyDigests}`;

/**
 * What differs between the rows of one run's migrations and its events, as text.
 *
 * @param options digests of an empty list of statements; what events say about stored down files
 */
export function alteredMigrations(
  rows: readonly AnswerRow[],
  events: readonly RecordedEvent[],
  options: { readonly none: ReadonlySet<string>; readonly downs: readonly EventBody[] },
): readonly string[] {
  const { none } = options;
  const downs = new Map(options.downs.map((body) => [String(body['seq']), body]));
  const bySeq = new Map(events.map((event) => [String(event.body['seq']), event]));
  const known = rows.filter(([seq]) => bySeq.has(seq ?? ''));
  const counts =
    events.length === rows.length
      ? []
      : [`${events.length} migrations are in the audit, ${rows.length} in the history`];
  const surplus = rows
    .filter(([seq]) => !bySeq.has(seq ?? ''))
    .map((row) => `${nameOf(row)} was added: no event records it`);
  const there = new Set(known.map(([seq]) => seq));
  const missing = [...bySeq].flatMap(([seq, { body }]) =>
    there.has(seq) ? [] : [`migration ${String(body['migration'])} (number ${seq}) has lost its row`],
  );
  const altered = known.flatMap((row) => {
    const event = bySeq.get(row[0] ?? '');
    const flaws = [...(event === undefined ? [] : alteredRow(row, event, none)), ...alteredDown(row, downs)];
    return flaws.map((text) => `${nameOf(row)}: ${text}`);
  });
  return [...counts, ...surplus, ...missing, ...altered];
}

/** A rollback without files executes the stored down file. */
function alteredDown(row: AnswerRow, downs: ReadonlyMap<string, EventBody>): readonly string[] {
  const reported = downs.get(row[0] ?? '');
  const kept = row[11];
  if (kept == null) return reported === undefined ? [] : ['the text of its down file is gone'];
  if (reported === undefined) return ['a text of its down file was added: no event records it'];
  const { file, checksum, body, created } = reported;
  const same = JSON.stringify(JSON.parse(kept)) === JSON.stringify([file, checksum, body, created]);
  return same ? [] : ['the text of its down file is not the one that was recorded'];
}

function nameOf([seq, id]: AnswerRow): string {
  return `migration ${id ?? ''} (number ${seq ?? ''})`;
}

function alteredRow(row: AnswerRow, { kind, body }: RecordedEvent, none: ReadonlySet<string>): readonly string[] {
  const [, id, set, name, file, checksum, rowKind, , at, ms, statements] = row.map((value) => value ?? '');
  const { at: eventAt, ms: eventMs, statements: eventStatements, ...rest } = body;
  // Events of version 1 have no file; their time and duration are not exactly those of the row.
  const whole = 'file' in body;
  const reported = { ...rest, kind, ...(whole ? { at: eventAt, ms: eventMs } : {}) };
  const differing = differences(reported, [
    { column: 'kind', key: 'kind', value: rowKind ?? '' },
    { column: 'id', key: 'migration', value: id ?? '' },
    { column: 'set', key: 'set', value: set ?? '' },
    { column: 'name', key: 'name', value: name ?? '' },
    { column: 'file', key: 'file', value: file ?? '' },
    { column: 'checksum', key: 'checksum', value: checksum ?? '' },
    { column: 'at', key: 'at', value: at ?? '', as: 'time' },
    { column: 'ms', key: 'ms', value: ms ?? '', as: 'number' },
  ]);
  if (typeof eventStatements !== 'string') return differing;
  const same = statements === eventStatements || (statements === '' && none.has(eventStatements));
  return same
    ? differing
    : [...differing, 'its statements (kinds, lines, counts or hashes) are not those that were recorded'];
}
