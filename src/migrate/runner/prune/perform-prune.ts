import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { RunAbout } from '../../contract/history-rows.ts';
import { readPruning, pruningRuns, readPrunable } from './prunable.ts';
import type { Pruning } from '../../contract/pruning.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault, beforeAnyChange } from '../../contract/server-fault.ts';
import type { PruneTask } from '../../contract/task.ts';
import { sendGuarded } from '../verify/describe.ts';
import { preflight } from '../session/server-facts.ts';
import type { RunSession } from '../run/run-session.ts';
import type { Opened } from '../session/open.ts';
import { fitForPruning } from '../inspect/inspect-prunable.ts';
import { finishRecorded, performRecorded } from '../run/recorded-run.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';
import { verifyChains } from '../inspect/verify-chains.ts';

const writeTries = 3;

const untouched = verdictOf(fault('interrupted', { why: 'Nothing was pruned.' }));

interface PruneOptions {
  readonly task: PruneTask;
  readonly ports: RunnerPorts;
  readonly live: RunSession;
}

/**
 * `runs prune`: removes the audit of old runs, as a separate run that records what was removed. Only in a history that
 * is proven intact: otherwise earlier alterations would go unnoticed.
 */
export async function performPrune(task: PruneTask, ports: RunnerPorts): Promise<Verdict> {
  return await performRecorded(task, ports, async (live, opened) => await pruneOpened({ task, ports, live }, opened));
}

async function pruneOpened(options: PruneOptions, opened: Opened): Promise<Verdict> {
  const { task, ports, live } = options;
  const forbidden = preflight(opened.facts, opened.history, task.environment);
  if (forbidden.length > 0) return verdictOf(...forbidden);
  if (!task.approved) return verdictOf(needsApproval(task));
  const fit = fitForPruning(opened.history.version);
  if (fit !== undefined) return fit;
  live.watch();
  const held = opened.facts.pooled ? await live.takeLease(task, opened.history) : ok(opened.history);
  if (!held.ok) return verdictOf(...held.findings.map(beforeAnyChange));
  live.planFor(held.value);
  const whole = await proveWhole(options, held.value.version);
  if (!whole.ok) return verdictOf(...whole.findings.map(beforeAnyChange));
  const wanted = await readPrunable(live.session, task.before);
  if (ports.signal.aborted) return untouched;
  if (!wanted.ok) return verdictOf(...wanted.findings.map(beforeAnyChange));
  if (wanted.value.runs === 0) {
    const { ids: _, ...pruning } = wanted.value;
    ports.emit({ kind: 'pruning', pruning });
    return succeeded('nothing-to-do');
  }
  const about: RunAbout = { words: ['before', task.before], seq: held.value.rows.at(-1)?.seq ?? 0 };
  const { run, command, actor, environment, earlier } = task;
  const recorded = { run, command, actor, environment, earlier, about: JSON.stringify(about) };
  const first = { history: held.value, planHash: '', first: '', describes: false };
  const started = await live.begin(recorded, first);
  if (ports.signal.aborted) return await finishRecorded(live, untouched, about);
  if (!started.ok) return verdictOf(...started.findings.map(beforeAnyChange));
  if (started.value.kind === 'moved') return verdictOf(fault('taken-over'));
  const pruned = await prune(options);
  if (!pruned.ok)
    return await finishRecorded(live, ports.signal.aborted ? untouched : verdictOf(...pruned.findings), about);
  ports.emit({ kind: 'pruning', pruning: pruned.value });
  return await finishRecorded(live, succeeded(), { ...about, pruned: pruned.value });
}

/** Alterations are found before their traces are removed. */
async function proveWhole({ ports, live }: PruneOptions, version: number): Promise<Outcome<void>> {
  const quiet = { hashing: ports.hashing, emit: () => {} };
  const { findings } = await verifyChains(live.session, quiet, '', version);
  const [first] = findings;
  if (first === undefined) return ok(undefined);
  if (first.code !== 'audit-broken') return err(...findings);
  const more = findings.length > 1 ? `; and ${findings.length - 1} more` : '';
  return err(fault('prune-refused', { why: `The audit chain is not intact: ${first.why}${more}.` }));
}

/** All or nothing, in one transaction; after a lost answer the rows show which. */
async function prune({ task, live }: PruneOptions): Promise<Outcome<Pruning>> {
  for (let tries = 1; ; tries += 1) {
    // Reads again after the run's first writes, which have marked the earlier runs that died.
    const chosen = await readPrunable(live.session, task.before);
    if (chosen.ok) {
      const reply = await sendGuarded(live, [pruningRuns(task.run, chosen.value)]);
      if (reply.ok) return ok(readPruning(reply.results.at(-1)?.rows[0]?.[0]));
      const stopped = reply.error.lost ? undefined : await live.cancelledBy();
      if (!reply.error.lost || tries === writeTries) return err(stopped ?? serverFault(reply.error));
    } else if (tries === writeTries || !chosen.findings.some(({ code }) => code === 'connection-lost')) return chosen;
    const back = await live.reconnect();
    if (!back.ok) return back;
    const done = await alreadyPruned(live);
    if (done !== undefined) return ok(done);
  }
}

async function alreadyPruned({ session, run }: RunSession): Promise<Pruning | undefined> {
  const reply = await session.send(
    `select body from godwit.event where run = ${quoteLiteral(run)} and kind = 'pruned'`,
    { rows: 'all' },
  );
  const body = reply.ok ? reply.results[0]?.rows[0]?.[0] : undefined;
  return body == null ? undefined : readPruning(body);
}

function needsApproval({ environment }: PruneTask): Finding {
  return fault('needs-approval', {
    why: `${environment.name} is protected, and pruning cannot be undone.`,
    fix: 'Run it where a person can type the name of the environment.',
  });
}
