import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { createBaselineReplay } from '../audit/baseline-rows.ts';
import { alteredHistory, alteredRuns } from '../audit/history-rows.ts';
import { digestsOfNone } from '../audit/migration-rows.ts';
import { newestVersion } from '../history/newest-version.ts';
import { createPrunedReplay } from '../audit/pruned-runs.ts';
import { verifyRuns, type CheckedRuns } from '../audit/verify-runs.ts';
import type { Session } from '../../contract/ports.ts';
import { unknownRun } from '../prune/pruned-run.ts';
import type { Pruned } from '../../contract/pruning.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';

/** Findings in full; the others are counted. */
const mostFindings = 50;
/** While a run is at work, rows that are read one after the other may not match. */
const mostTries = 5;

/**
 * Compares what people are shown, rows of runs, migrations, statements and the baseline, with the chains of events, and
 * length and heads with the guard. Reports what differs, and what this cannot cover.
 *
 * @param subject the run's id or its beginning; empty for all runs and what they have in common
 * @param version of the schema: the first one has less to compare
 */
export async function verifyChains(
  session: Session,
  ports: Pick<RunnerPorts, 'hashing' | 'emit'>,
  subject: string,
  version: number = newestVersion,
): Promise<Verdict> {
  // Through a pooler each message is a transaction.
  const together = session.carriesSettings !== true;
  if (together) await session.send('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    for (let tries = 1; ; tries += 1) {
      const before = await moment(session);
      const seen = await readChains(session, ports, { subject, version });
      if (!seen.ok) return verdictOf(...seen.findings);
      if (!seen.value.runs.some(({ run }) => run.startsWith(subject)) && subject !== '')
        return verdictOf(await unknownRun(session, subject));
      const clean = seen.value.common.length === 0 && seen.value.runs.every(({ flaws }) => flaws.length === 0);
      if (clean || tries === mostTries || (await moment(session)) === before)
        return reportChains(ports, seen.value, subject);
    }
  } finally {
    if (together) await session.send('COMMIT');
  }
}

/** Everything that writes a compared row also writes an event. */
async function moment(session: Session): Promise<string> {
  const reply = await session.send(
    'select g.seq, g.head, e.epoch, (select pg_catalog.sum(events) from godwit.run) from godwit.guard g, godwit.epoch e',
    { rows: 'all' },
  );
  return reply.ok ? JSON.stringify(reply.results[0]?.rows) : '';
}

interface ChainReading extends CheckedRuns {
  /** What differs in the data that all runs share. */
  readonly common: readonly string[];
  readonly migrations: number;
  readonly objects: number;
  readonly version: number;
  readonly pruned: readonly Pruned[];
}

async function readChains(
  session: Session,
  { hashing }: Pick<RunnerPorts, 'hashing'>,
  { subject, version }: { readonly subject: string; readonly version: number },
): Promise<Outcome<ChainReading>> {
  const reply = await session.send(digestsOfNone, { rows: 'all' });
  if (!reply.ok) return err(serverFault(reply.error));
  const none = new Set((reply.results[0]?.rows[0] ?? []).map((digest) => digest ?? ''));
  const baseline = createBaselineReplay();
  const pruned = createPrunedReplay(baseline);
  const runs = await verifyRuns(session, { hashing, subject, none, baseline, pruned, version });
  if (!runs.ok) return runs;
  if (subject !== '') return ok({ ...runs.value, common: [], migrations: 0, objects: 0, version, pruned: [] });
  const [history, ids, objects] = [
    await alteredHistory(session, hashing),
    version > 1 ? await alteredRuns(session, hashing, version) : ok([]),
    version > 1 ? await baseline.compare(session) : ok({ objects: 0, flaws: [] }),
  ];
  const notes = version > 2 ? await pruned.compare(session) : ok([]);
  if (!history.ok) return history;
  if (!ids.ok) return ids;
  if (!objects.ok) return objects;
  if (!notes.ok) return notes;
  return ok({
    ...runs.value,
    common: [...ids.value, ...history.value.flaws, ...notes.value, ...objects.value.flaws],
    migrations: history.value.migrations,
    objects: objects.value.objects,
    version,
    pruned: pruned.prunings,
  });
}

function reportChains(ports: Pick<RunnerPorts, 'emit'>, seen: ChainReading, subject: string): Verdict {
  for (const { run, events, flaws, prunedBy } of seen.runs) {
    const gone = prunedBy === undefined ? {} : { prunedBy };
    ports.emit({ kind: 'chain', run, events, ok: flaws.length === 0, why: flaws.join('; '), ...gone });
  }
  const { common, migrations, objects, pruned } = seen;
  if (subject === '')
    ports.emit({ kind: 'chain.history', migrations, objects, flaws: common, notCovered: notCovered(seen), pruned });
  const whys = [...common, ...seen.runs.flatMap(({ run, flaws }) => flaws.map((why) => `Run ${run}: ${why}`))];
  const left = whys.length - mostFindings;
  const findings = [...whys.slice(0, mostFindings), ...(left > 0 ? [`… and ${left} more.`] : [])].map((why) =>
    fault('audit-broken', { why }),
  );
  for (const finding of findings) ports.emit({ kind: 'finding', finding });
  return findings.length > 0 ? verdictOf(...findings) : succeeded();
}

function notCovered({ partly, wholeFrom, version, pruned }: ChainReading): readonly string[] {
  const since = wholeFrom === '' ? 'by runs of earlier versions of godwit' : `before run ${wholeFrom}`;
  return [
    'changes by someone who can rewrite everything, hashes included: keep the heads elsewhere',
    version > 2
      ? 'times of single statements'
      : 'times of single statements, and statements of a partly applied migration',
    'which rows a migration inserted',
    'attempts that never reached the database, before a run carried them over',
    'whether a run without an end was noted as interrupted',
    ...(pruned.length === 0 ? [] : ['what the events of pruned runs said in addition to what is left of them']),
    ...(version > 1
      ? []
      : ['runs whose rows are gone, and the baseline: the next run that changes something starts to record them']),
    ...(partly || version === 1
      ? [`where from, with which tool, when, and which files and statements, ${since}: older events hold less`]
      : []),
  ];
}
