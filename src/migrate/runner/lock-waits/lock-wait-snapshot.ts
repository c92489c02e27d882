import { quoteLiteral } from '../../../sql/quote.ts';
import type { Blocker } from '../../contract/blocker.ts';
import { shownQuery } from './query-text.ts';
import type { AnswerRow } from '../../contract/ports.ts';

/**
 * Asks the database from another connection than the one that is waiting; undefined without an answer. Never rejects.
 */
export type SnapshotQuery = (query: string) => Promise<readonly AnswerRow[] | undefined>;

/** The progress of a long statement, as the server reports it. */
export interface BuildState {
  readonly command: string;
  readonly phase: string;
  /** What is built, if the server reports it. */
  readonly object: string;
  readonly done: number;
  readonly total: number;
}

/** What is observed about a session of ours that does not answer. */
export interface LockWaitSnapshot {
  /** How long it has been waiting for this lock; 0 when it is not waiting. */
  readonly waitedMs: number;
  /** The relation that it waits for, if it waits for one. */
  readonly relation?: string;
  readonly blockers: readonly Blocker[];
  /** Transactions of the blockers that have been open for a while, as `pid virtualtransaction`: worth waiting for. */
  readonly transactions: readonly string[];
  /** Application sessions that wait behind it. */
  readonly waiters: number;
  readonly build?: BuildState;
}

/** The most sessions behind ours that are counted: each one costs a scan of all locks. */
const mostCounted = 50;
const mostBlockers = 20;
/** Younger transactions come and go: their end means nothing. */
const passingMs = 1000;

const text = (column: string): string => `coalesce((${column})::pg_catalog.text, '')`;

/**
 * The rows of those whose pids are in `held`. A prepared transaction has pid 0 and no session: of those that hold a
 * contended lock, the oldest is taken; its gid is used as the application.
 */
export const blockerColumns: string = `select 'blocker', h.pid::text, ${text('coalesce(p.gid, a.application_name)')}, ${text('coalesce(p.owner, a.usename)')}, ${text('a.state')},
  ${text('extract(epoch from pg_catalog.clock_timestamp() - coalesce(p.prepared, a.xact_start)) * 1000')},
  case when a.backend_type = 'client backend' then pg_catalog.left(a.query, 1000) else ${text('a.backend_type')} end,
  (select ${text('v.virtualtransaction')} from pg_catalog.pg_locks v where v.pid = h.pid and v.locktype = 'virtualxid' and v.granted limit 1)
from held h left join pg_catalog.pg_stat_activity a using (pid)
left join lateral (select x.gid, x.owner, x.prepared from pg_catalog.pg_prepared_xacts x where h.pid = 0 and x.database = pg_catalog.current_database()
  order by exists (select from pg_catalog.pg_locks l join pg_catalog.pg_locks w on w.relation = l.relation and w.database = l.database and not w.granted
    where l.virtualtransaction = '-1/' || x.transaction::text) desc, x.prepared limit 1) p on true order by a.xact_start nulls last limit ${mostBlockers}`;

/**
 * The query for what the session with this backend is waiting for, its blockers, who waits behind it, and its progress.
 * Only `pg_blocking_pids` accesses the lock manager, and only for sessions that do wait.
 */
export function snapshotQuery(pid: number): string {
  return `with held as materialized (
  select distinct unnest(pg_catalog.pg_blocking_pids(${pid})) as pid
), behind as materialized (
  select a.pid from pg_catalog.pg_stat_activity a
  where a.wait_event_type = 'Lock' and a.backend_type = 'client backend' and a.pid <> ${pid} and exists (select from held)
  limit ${mostCounted}
)
select 'wait', ${text(`extract(epoch from pg_catalog.clock_timestamp() - l.waitstart) * 1000`)},
  case when l.locktype = 'relation' then ${text('l.relation::pg_catalog.regclass')} else '' end, '', '', '', '', ''
from pg_catalog.pg_locks l where l.pid = ${pid} and not l.granted
union all
(${blockerColumns})
union all
select 'behind', (select count(*) from behind b where ${pid} = any (pg_catalog.pg_blocking_pids(b.pid)))::text, '', '', '', '', '', ''
union all
select 'build', command, phase, ${text('index_relid::pg_catalog.regclass')}, blocks_done::text, blocks_total::text, tuples_done::text, tuples_total::text
from pg_catalog.pg_stat_progress_create_index where pid = ${pid}
union all
select 'build', 'VACUUM', phase, ${text('relid::pg_catalog.regclass')}, heap_blks_scanned::text, heap_blks_total::text, '0', '0'
from pg_catalog.pg_stat_progress_vacuum where pid = ${pid}
union all
select 'build', command, phase, ${text('relid::pg_catalog.regclass')}, heap_blks_scanned::text, heap_blks_total::text, '0', '0'
from pg_catalog.pg_stat_progress_cluster where pid = ${pid}`;
}

/** Reads the answer to `snapshotQuery`. */
export function readLockWaitSnapshot(rows: readonly AnswerRow[]): LockWaitSnapshot {
  const of = (kind: string): readonly AnswerRow[] => rows.filter(([first]) => first === kind);
  const [wait] = of('wait');
  const [build] = of('build');
  const held = of('blocker');
  return {
    waitedMs: wait === undefined ? 0 : Math.max(1, Number(wait[1] ?? 0)),
    ...(wait?.[2] == null || wait[2] === '' ? {} : { relation: wait[2] }),
    blockers: held.map(blockerOf),
    transactions: held.flatMap(([, pid, , , , ageMs, , transaction]) => {
      const passing = ageMs != null && ageMs !== '' && Number(ageMs) < passingMs;
      return passing || transaction == null || transaction === '' ? [] : [`${pid ?? ''} ${transaction}`];
    }),
    waiters: Number(of('behind')[0]?.[1] ?? 0),
    ...(build === undefined ? {} : { build: buildOf(build) }),
  };
}

function blockerOf([, pid, application, user, state, age, query]: AnswerRow): Blocker {
  return {
    pid: Number(pid),
    application: application ?? '',
    user: user ?? '',
    state: state ?? '',
    transactionMs: age == null || age === '' ? null : Math.round(Number(age)),
    query: shownQuery(query ?? ''),
  };
}

function buildOf([, command, phase, object, blocks, allBlocks, tuples, allTuples]: AnswerRow): BuildState {
  const byBlocks = Number(allBlocks) > 0;
  return {
    command: command ?? '',
    phase: phase ?? '',
    object: object === '-' ? '' : (object ?? ''),
    done: Number(byBlocks ? blocks : tuples),
    total: Number(byBlocks ? allBlocks : allTuples),
  };
}

/** The query for how many of these transactions are still open. */
export function stillThereQuery(transactions: readonly string[]): string {
  const list = transactions.map(quoteLiteral).join(', ');
  return `select count(*) from pg_catalog.pg_locks where locktype = 'virtualxid' and granted and pg_catalog.concat(pid, ' ', virtualtransaction) in (${list})`;
}

/** Cancels what the backend runs, if it is still waiting for a lock: not a statement that came later. */
export function stepBackQuery(pid: number): string {
  return `select pg_catalog.pg_cancel_backend(${pid}) where exists (select from pg_catalog.pg_locks where pid = ${pid} and not granted)`;
}

/**
 * Makes an autovacuum worker give way: it does so for a session that has waited a second (deadlock_timeout), which is
 * longer than a run may wait for a strong lock. This lock blocks no other session.
 */
export function nudgeQuery(relation: string): string {
  return `set local lock_timeout to '1500ms'; lock table ${relation} in share update exclusive mode`;
}
