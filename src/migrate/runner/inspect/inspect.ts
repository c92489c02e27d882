import { fault } from '../../../kit/fault.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { History } from '../../contract/history.ts';
import type { ForeignSummary } from '../../contract/foreign-history.ts';
import type { EventOfKind } from '../../contract/event.ts';
import type { HistoryRow, RunRow } from '../../contract/history-rows.ts';
import { changesOfRun } from '../history/run-changes.ts';
import type { Bundle, Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { InspectTask } from '../../contract/task.ts';
import { fingerprintLength } from '../../plan/reported-statements.ts';
import type { Opened } from '../session/open.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';
import { unknownRun } from '../prune/pruned-run.ts';
import { readRuns } from './read-runs.ts';
import { whereTheyStand } from './current-state.ts';
import { emitChanges } from '../verify/emit-changes.ts';
import { verifyChains } from './verify-chains.ts';

/** Reads the history: what is applied, the runs, the events of one run, the audit chains. Changes nothing. */
export async function inspect(task: InspectTask, ports: RunnerPorts, opened: Opened): Promise<Verdict> {
  const { session, history } = opened;
  if (task.what === 'history' || task.what === 'overview') {
    const fingerprints = await readFingerprints(session, history, task.what === 'history' ? ports.bundle : undefined);
    const now = history.version === 0 ? {} : await (await import('./at-work.ts')).currentState(opened, ports.bundle);
    ports.emit({ ...historyEvent(history, task.what, fingerprints), ...now, ...(await foreignIn(session, history)) });
  }
  if (task.what === 'history') return succeeded();
  if (history.version === 0) return empty(task, ports, history);
  if (task.what === 'chain') return verifyChains(session, ports, task.subject ?? '', history.version);
  if (task.what === 'prunable') return (await import('./inspect-prunable.ts')).inspectPrunable(task, ports, opened);
  const runs = await readRuns(session, task);
  if ('outcome' in runs) return runs;
  ports.emit({ kind: 'runs', runs });
  if (task.what === 'run' && runs.length === 0) return verdictOf(await unknownRun(session, task.subject ?? ''));
  if (task.what === 'run') await emitRunDetails(session, ports, runs, history.version);
  return succeeded();
}

/** While godwit has recorded nothing, the histories of other tools belong to the answer. */
async function foreignIn(
  session: Session,
  { rows }: History,
): Promise<{ readonly foreign?: readonly ForeignSummary[] }> {
  if (rows.length > 0) return {};
  const foreign = await (await import('../adopt/foreign/guard-foreign.ts')).foreignSummaries(session);
  return foreign.length === 0 ? {} : { foreign };
}

/** What is applied; for an overview, with everything that a plan is made from. */
export function historyEvent(
  { rows, ...state }: History,
  what: 'history' | 'overview',
  fingerprints: readonly string[] | undefined,
): EventOfKind<'history'> {
  const partial = [...new Set(state.partial.map((statement) => statement.migration))];
  return {
    kind: 'history',
    rows,
    partial,
    ...(fingerprints === undefined ? {} : { fingerprints }),
    ...(what === 'overview' ? { state } : {}),
  };
}

/**
 * Fingerprints of the statements of each row, so that a file with changes only in comments can be recognised.
 *
 * @param bundle where the answer is about these files alone: only of rows whose files differ
 */
export async function readFingerprints(
  session: Session,
  { version, rows }: History,
  bundle?: Bundle,
): Promise<readonly string[] | undefined> {
  if (version === 0) return undefined;
  const differing = bundle === undefined ? undefined : differingRows(rows, bundle);
  if (differing?.length === 0) return undefined;
  const reply = await session.send(
    `select seq, left(encode(sha256(convert_to(string_agg(hash, ' ' order by ordinal), 'UTF8')), 'hex'), ${fingerprintLength})
from godwit.statement where ${differing === undefined ? 'seq is not null' : `seq in (${differing.join(', ')})`} group by seq`,
    { rows: 'all' },
  );
  if (!reply.ok) return undefined;
  const reported = new Map((reply.results[0]?.rows ?? []).map(([seq, print]) => [Number(seq), print ?? '']));
  return rows.map(({ seq }) => reported.get(seq) ?? '');
}

/** Numbers of the rows that have a file with other content. */
function differingRows(rows: readonly HistoryRow[], bundle: Bundle): readonly number[] {
  const sums = new Map(rows.map(({ id, checksum }) => [id, checksum]));
  const files = bundle.folder ?? bundle.migrations;
  const ids = new Set(files.filter(({ id, up }) => (sums.get(id) ?? up.checksum) !== up.checksum).map(({ id }) => id));
  return rows.filter(({ id }) => ids.has(id)).map(({ seq }) => seq);
}

function empty(task: InspectTask, ports: RunnerPorts, _history: History): Verdict {
  if (task.what === 'runs' || task.what === 'overview') ports.emit({ kind: 'runs', runs: [] });
  if (task.what === 'run') return verdictOf(fault('unknown-run', { why: 'This database has no history yet.' }));
  return succeeded();
}

/** One run: its migrations with each statement's time, and its events. */
async function emitRunDetails(
  session: Session,
  ports: RunnerPorts,
  runs: readonly RunRow[],
  version: number,
): Promise<void> {
  const ids = runs.map((run) => quoteLiteral(run.run)).join(', ');
  const reply = await session.send(
    `select run, migration, coalesce(seq::text, ''), direction, ordinal, tag, line, count, coalesce(ms, 0), state from godwit.statement where run in (${ids}) order by n;
select run, n, kind, case when kind = 'described' then '' else body end, hash from godwit.event where run in (${ids}) order by run, n`,
    { rows: 'all' },
  );
  if (!reply.ok) return;
  const [statements, events] = reply.results;
  const live = await whereTheyStand(session, runs);
  // Of several, the newest is shown.
  const [newest] = runs;
  if (version >= 2 && newest !== undefined) emitChanges(ports, await changesOfRun(session, newest.run));
  ports.emit({
    kind: 'run.details',
    live,
    statements: (statements?.rows ?? []).map(([run, migration, , direction, ordinal, tag, line, count, ms, state]) => ({
      run: run ?? '',
      migration: migration ?? '',
      direction: direction ?? '',
      ordinal: Number(ordinal) + 1,
      tag: tag ?? '',
      line: Number(line),
      count: Number(count),
      ms: Number(ms),
      state: state ?? '',
    })),
    events: (events?.rows ?? []).map(([run, n, kind, body, hash]) => ({
      run: run ?? '',
      n: Number(n),
      kind: kind ?? '',
      body: body ?? '',
      hash: hash ?? '',
    })),
  });
}
