import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { Session } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import type { Pruning } from '../../contract/pruning.ts';

/** The runs that may be pruned, and what is removed with them. */
export interface Prunable extends Pruning {
  readonly ids: readonly string[];
}

/**
 * Finished runs that ended before the cut-off and still have their events. Except: runs at work, the newest one, runs
 * with a partly applied or not yet described migration, the last successful run of each hook, and runs that pruned.
 */
function prunableRuns(before: string): string {
  const hook = `pg_catalog.concat_ws(' ', h.about::pg_catalog.json ->> 'hook', h.about::pg_catalog.json ->> 'words')`;
  return `with open (run) as (
  select run from godwit.epoch union all select holder from godwit.guard
  union all select run from godwit.statement where seq is null
  union all select run from godwit.own_transaction union all select run from godwit.unfollowed),
passed (run) as (
  select distinct on (${hook}) h.run from godwit.run h
  where h.command = 'exec' and h.exit_code = 0 and h.about like '{%"hook"%' order by ${hook}, h.n desc),
prunable as (
  select r.run, r.n, r.events from godwit.run r
  where r.outcome <> 'running' and coalesce(r.finished_at, r.started_at) < ${quoteLiteral(before)}::timestamptz and r.events > 0
    and r.command <> 'prune' and r.n < (select pg_catalog.max(n) from godwit.run where command <> 'prune')
    and r.run not in (select run from open) and r.run not in (select run from passed)
    and exists (select from godwit.event e where e.run = r.run)),
past as (
  select m.seq from godwit.migration m join prunable p using (run) where not exists (
    select from godwit.migration o where o.run = m.run and o.kind <> 'reverted' and not exists (
      select from godwit.migration later where later.id = o.id and later.set = o.set and later.seq > o.seq)))`;
}

/** Asks which runs may be pruned; changes nothing. */
export async function readPrunable(session: Session, before: string): Promise<Outcome<Prunable>> {
  const reply = await session.send(
    `${prunableRuns(before)}
select (select pg_catalog.count(*) from past join godwit.statement s using (seq)),
  (select pg_catalog.count(*) from prunable join godwit.event e using (run) where e.kind = 'carried');
${prunableRuns(before)}
select p.run, p.events, p.run not in (select run from godwit.migration) and p.run not in (select run from godwit.statement)
  and p.run not in (select accepted_by from godwit.former_object where accepted_by is not null)
from prunable p order by p.n`,
    { rows: 'all' },
  );
  if (!reply.ok) return err(serverFault(reply.error));
  const [counts, runs] = reply.results;
  const [statements, attempts] = counts?.rows[0] ?? [];
  const rows = runs?.rows ?? [];
  return ok({
    before,
    ids: rows.map(([run]) => run ?? ''),
    runs: rows.length,
    gone: rows.filter(([, , isGone]) => isGone === 't').length,
    events: rows.reduce((sum, [, events]) => sum + Number(events), 0),
    statements: Number(statements),
    attempts: Number(attempts),
  });
}

/** The statement that prunes them, in one transaction that holds the guard; its row lists what was removed. */
export function pruningRuns(run: string, { before, ids }: Prunable): string {
  return `SELECT godwit.prune_runs(${quoteLiteral(run)}, ${quoteLiteral(before)}::timestamptz, ${quoteLiteral(`{${ids.join(',')}}`)}::text[])`;
}

/** Reads the answer of that statement. */
export function readPruning(text: string | null | undefined): Pruning {
  const { before, runs, gone, events, statements, attempts } = JSON.parse(text ?? '{}') as Pruning;
  return { before, runs, gone, events, statements, attempts };
}
