import { quoteLiteral } from '../../../sql/quote.ts';
import type { Outside } from '../../../sql/outside.ts';
import type { Backend } from '../session/backend.ts';
import type { PartialStatement } from '../../contract/history.ts';
import type { PlanStep, Statement } from '../../contract/model.ts';
import type { Noted } from './probe/effect-probe.ts';

/** What is stored of a statement that was started: who sent it, what it is about, and what existed before it. */
export interface Intent {
  readonly owner?: Backend;
  readonly outside?: Outside;
  readonly noted: Noted;
}

/** Reads the row of an intent; unreadable parts are ignored. */
export function readIntent(detail: string): Intent {
  let value: unknown;
  try {
    value = JSON.parse(detail);
  } catch {
    return { noted: {} };
  }
  const { owner, outside, before } = (value ?? {}) as {
    readonly owner?: Backend;
    readonly outside?: Outside | null;
    readonly before?: Noted | null;
  };
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(outside == null ? {} : { outside }),
    noted: before ?? {},
  };
}

/** Reads what was noted before a statement by `intentCommands`. */
export function readNoted(text: string): Noted {
  return readIntent(`{"before":${text === '' ? '{}' : text}}`).noted;
}

/**
 * The commands that note a statement as started. What exists before it is looked up under the file's own settings, and
 * written under the login role, because the file's role may lack the right to write it; then the file's settings apply
 * again.
 *
 * @param options `before` is SQL of type json; `earlier` the intent of an attempt that died, whose notes still count;
 * `settings` the file's own SET and RESET before the statement
 */
export function intentCommands(
  step: Pick<PlanStep, 'id' | 'direction'>,
  statement: Statement,
  options: {
    readonly run: string;
    readonly ordinal: number;
    readonly before: string;
    readonly earlier: PartialStatement | undefined;
    readonly settings: readonly string[];
  },
): readonly string[] {
  const { earlier, settings } = options;
  const outside = statement.outside === undefined ? 'null' : quoteLiteral(JSON.stringify(statement.outside));
  const before =
    earlier === undefined ? options.before : quoteLiteral(JSON.stringify(readIntent(earlier.detail).noted));
  const detail = `pg_catalog.json_build_object(
  'owner', (select pg_catalog.json_build_object('pid', a.pid, 'start', extract(epoch from a.backend_start)::pg_catalog.text) from pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) a),
  'outside', ${outside}::pg_catalog.json, 'before', pg_catalog.current_setting('godwit.before')::pg_catalog.json)::pg_catalog.text`;
  const values = [
    quoteLiteral(options.run),
    quoteLiteral(step.id),
    quoteLiteral(step.direction),
    String(options.ordinal),
    quoteLiteral(statement.tag),
    String(statement.line),
    '1',
    quoteLiteral(statement.hash),
    "'intent'",
    detail,
  ];
  return [
    ...settings,
    `SELECT pg_catalog.set_config('godwit.before', ((${before})::pg_catalog.json)::pg_catalog.text, true)`,
    'RESET SESSION AUTHORIZATION',
    'RESET ROLE',
    removeNote(step),
    `INSERT INTO godwit.statement (run, migration, direction, ordinal, tag, line, count, hash, state, detail) VALUES (${values.join(', ')})`,
    ...beginWindow(step, options.run, statement.outside),
    ...settings,
  ];
}

/**
 * Such a statement uses transactions whose ids are unknown, so its time window counts: whatever was written to its
 * relations meanwhile is its own. When it is started again after a crash, the window begins with the first attempt.
 */
function beginWindow(
  { id, direction }: Pick<PlanStep, 'id' | 'direction'>,
  run: string,
  outside: Outside | undefined,
): readonly string[] {
  const relations = relationsOf(outside);
  return [
    `INSERT INTO godwit.own_transaction (xid, outside, relations, run, migration, direction)
SELECT pg_catalog.pg_current_xact_id(), true, ${relations}::oid[], ${[run, id, direction].map(quoteLiteral).join(', ')}
WHERE NOT EXISTS (SELECT FROM godwit.own_transaction WHERE ${openWindow({ id })})`,
    'UPDATE godwit.guard SET undescribed = true, partial = godwit.partial_digest()',
  ];
}

/** SQL for the OIDs of the relations that it may write; NULL: any relation. */
function relationsOf(outside: Outside | undefined): string {
  if (outside === undefined) return 'NULL';
  if (outside.kind === 'repeatable') return writtenByRun;
  return relationKinds.has(outside.kind) ? notedBefore : "'{}'";
}

/** What its probe noted before the statement. */
const notedBefore = `ARRAY(SELECT DISTINCT (v #>> '{}')::oid FROM pg_catalog.jsonb_path_query(pg_catalog.current_setting('godwit.before')::pg_catalog.jsonb, '$.**') v WHERE v #>> '{}' ~ '^[1-9][0-9]{0,9}$')`;

/**
 * VACUUM FULL and CLUSTER rewrite the catalogue row of a table: a row that the run has written remains the run's own.
 */
const writtenByRun = `ARRAY(SELECT c.oid FROM pg_catalog.pg_class c WHERE c.xmin IN (SELECT t.xid::xid FROM godwit.own_transaction t
  UNION ALL SELECT pg_catalog.unnest(t.subtransactions) FROM godwit.own_transaction t)
  UNION SELECT pg_catalog.unnest(t.relations) FROM godwit.own_transaction t WHERE t.outside)`;

const relationKinds = new Set<Outside['kind']>(['create-index', 'drop-index', 'reindex', 'detach']);

function openWindow({ id }: Pick<PlanStep, 'id'>): string {
  return `outside AND through IS NULL AND seq IS NULL AND migration = ${quoteLiteral(id)}`;
}

/**
 * Removes the note that a statement was started: a migration has at most one. The statement has left nothing behind.
 */
export function forget(step: Pick<PlanStep, 'id' | 'direction'>): readonly string[] {
  return [removeNote(step), renewed, `DELETE FROM godwit.own_transaction WHERE ${openWindow(step)}`];
}

/** The guard holds a hash over the statements of partly applied migrations. */
export const renewed = 'UPDATE godwit.guard SET partial = godwit.partial_digest()';

function removeNote(step: Pick<PlanStep, 'id' | 'direction'>): string {
  return `DELETE FROM godwit.statement WHERE ${startedNote(step)}`;
}

/** Turns the note into one that the statement is done. */
export function fulfil(step: Pick<PlanStep, 'id' | 'direction'>): readonly string[] {
  return [
    `UPDATE godwit.statement SET state = 'done', detail = '', ` +
      `ms = pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - at) * 1000, at = pg_catalog.clock_timestamp() ` +
      `WHERE ${startedNote(step)}`,
    renewed,
    `UPDATE godwit.own_transaction SET through = pg_catalog.pg_current_xact_id() WHERE ${openWindow(step)}`,
  ];
}

function startedNote({ id, direction }: Pick<PlanStep, 'id' | 'direction'>): string {
  return `seq IS NULL AND state = 'intent' AND migration = ${quoteLiteral(id)} AND direction = ${quoteLiteral(direction)}`;
}
