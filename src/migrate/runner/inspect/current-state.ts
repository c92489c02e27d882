import { quoteLiteral } from '../../../sql/quote.ts';
import type { LiveRunRow, RunRow } from '../../contract/history-rows.ts';
import type { Session } from '../../contract/ports.ts';

/**
 * The current state of runs that are at work: which migration, and what the server does for each of their sessions. The
 * text of statements is not shown, because it may hold values.
 */
export async function whereTheyStand(session: Session, runs: readonly RunRow[]): Promise<readonly LiveRunRow[]> {
  const going = runs.filter(({ outcome }) => outcome === 'running');
  if (going.length === 0) return [];
  const names = going.map(({ run }) => quoteLiteral(`godwit ${run}`)).join(', ');
  const ids = going.map(({ run }) => quoteLiteral(run)).join(', ');
  const reply = await session.send(
    `select a.application_name, a.pid, coalesce(a.state, ''), pg_catalog.concat_ws(': ', a.wait_event_type, a.wait_event),
  coalesce(extract(epoch from pg_catalog.clock_timestamp() - case when a.state = 'active' then a.query_start else a.state_change end), 0),
  pg_catalog.array_to_string(pg_catalog.pg_blocking_pids(a.pid), ','),
  coalesce(p.phase || case when p.blocks_total > 0 then pg_catalog.format(' %s%%', p.blocks_done * 100 / p.blocks_total) else '' end, '')
from pg_catalog.pg_stat_activity a left join pg_catalog.pg_stat_progress_create_index p on p.pid = a.pid
where a.application_name in (${names}) and a.datname = pg_catalog.current_database() order by a.backend_start;
select distinct on (run) run, body::json ->> 'migration' from godwit.event where run in (${ids}) and kind = 'started' order by run, n desc;
select distinct on (run) run, tag, line from godwit.statement where run in (${ids}) and state = 'intent' order by run, n desc`,
    { rows: 'all' },
  );
  if (!reply.ok) return [];
  const [sessions, started, intents] = reply.results;
  const migrations = new Map((started?.rows ?? []).map(([run, migration]) => [run, migration ?? '']));
  const statements = new Map(
    (intents?.rows ?? []).map(([run, tag, line]) => [run, { tag: tag ?? '', line: Number(line) }]),
  );
  return going.map(({ run }) => ({
    run,
    migration: migrations.get(run) ?? '',
    ...statementOf(statements.get(run)),
    sessions: (sessions?.rows ?? [])
      .filter(([name]) => name === `godwit ${run}`)
      .map(([, pid, state, waits, seconds, blockers, progress]) => ({
        pid: Number(pid),
        state: state ?? '',
        waits: waits ?? '',
        seconds: Number(seconds),
        blockedBy: (blockers ?? '') === '' ? [] : (blockers ?? '').split(',').map(Number),
        progress: progress ?? '',
      })),
  }));
}

function statementOf(statement: LiveRunRow['statement']): Pick<LiveRunRow, 'statement'> {
  return statement === undefined ? {} : { statement };
}
