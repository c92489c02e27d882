import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { finishRun, logEvent } from '../history/run-record.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import type { PlanStep } from '../../contract/model.ts';
import { bundleInEffect } from '../../plan/in-effect.ts';
import type { MadePlan } from '../../plan/make-plan.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { ApplyTask } from '../../contract/task.ts';
import { adoptionVerdict, adoptRun, lookForAdoption, recordUnexecuted, type Adoption } from '../adopt/adopt-run.ts';
import { openControl } from '../session/control-connection.ts';
import { within } from '../session/deadline.ts';
import { reportLocks } from '../session/report-locks.ts';
import { expectAnswers, watchConnections } from '../session/watch-connections.ts';
import { applyRun } from './apply-run.ts';
import { mayTouchRows } from '../apply/step-message.ts';
import { begin } from './begin.ts';
import { describeChanges, undescribedColumns } from '../verify/describe.ts';
import { majorOf } from '../session/server-facts.ts';
import { followSeeds } from '../verify/follow-seeds.ts';
import type { History } from '../../contract/history.ts';
import { reconnect } from './live-run.ts';
import type { LiveRun } from './run-state.ts';
import { noTimeout, open, type Opened } from '../session/open.ts';
import { endLease } from '../session/lease.ts';
import { planRun, type PlanContext, type ReportedPlan } from './plan-run.ts';
import { prepareSteps } from './prepare.ts';
import { stopOnSignal, workingOn } from './stop-run.ts';
import { partlyAppliedMigration } from './partly-applied.ts';
import { reportHistory } from '../inspect/report-history.ts';
import { afterApplying } from '../verify/after-applying.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';

const mostTries = 5;
const ownSessionMs = 10_000;
const goodbyeMs = 5_000;

/**
 * How a try ended; `again`: before anything was applied, the connection was lost or a lock was not to be had; or the
 * history has moved, so that another plan is needed.
 */
interface Try {
  readonly verdict: Verdict;
  readonly again?: true;
}

/** Probe, plan, apply, verify, record: one execution, when nothing stands between them. */
export async function performApply(task: ApplyTask, ports: RunnerPorts): Promise<Verdict> {
  const reported: ReportedPlan = { plan: '', started: false, applied: [] };
  for (let tries = 1; ; tries += 1) {
    // An own earlier session may hold the lock for a moment more.
    const waitMs = tries === 1 ? task.waitMs : Math.max(task.waitMs, ownSessionMs);
    const { verdict, again } = await tryApply({ ...task, waitMs }, ports, reported);
    if (again !== true || tries === mostTries || ports.signal.aborted) return verdict;
    await ports.sleep((0.5 + ports.random()) * Math.min(100 * 2 ** tries, 2_000));
  }
}

async function tryApply(task: ApplyTask, given: RunnerPorts, reported: ReportedPlan): Promise<Try> {
  const opened = await open(given, task, { waitMs: task.waitMs, takeOver: task.takeOver === true });
  if (!opened.ok) return { ...tried(opened.findings), verdict: verdictOf(...opened.findings.map(unreached)) };
  const ports = { ...given, bundle: bundleInEffect(given.bundle, opened.value.history) };
  reported.takenFrom ??= opened.value.takenFrom?.text;
  const live: LiveRun = {
    session: opened.value.session,
    backend: opened.value.facts.backend,
    epoch: opened.value.history.epoch,
    head: opened.value.history.head,
    run: task.run,
    attempt: ports.random().toString(36).slice(2),
    terms: { run: task.run, onDisconnect: task.onDisconnect, ...pinnedBy(opened.value.facts) },
    schema: opened.value.facts.schema,
    server: { systemId: opened.value.facts.systemId, databaseOid: opened.value.facts.databaseOid },
    major: majorOf(opened.value.facts),
    begun: Promise.resolve(ok('moved')),
  };
  const stopping = stopOnSignal(ports, live);
  live.stopping = stopping;
  try {
    const ended = await applyOpened({ task, ports, live, reported }, opened.value);
    // Begun by an earlier try, and refused by this one.
    if (reported.started && ended.again !== true) await finish(ports, live, ended.verdict);
    if (task.tells === true && ended.again !== true) await reportHistory(ports, live.session);
    return ended;
  } finally {
    stopping.dispose();
    live.watch?.end();
    await stopping.settle();
    // Nobody looks after the connection any more. A lease that cannot be given back runs out.
    await within(ports, goodbyeMs, endLease(live));
    await Promise.all([live.session.close(), live.control?.close()]);
  }
}

const passingCodes: ReadonlySet<string> = new Set(['connection-lost', 'lock-timeout', 'history-locked']);

/** Nothing is applied yet: what is only a matter of time may be tried again from the beginning. */
function tried(findings: readonly Finding[]): Try {
  const passing = findings.some(({ code }) => passingCodes.has(code));
  return { verdict: verdictOf(...findings), ...(passing ? { again: true } : {}) };
}

/** A connection lost before anything was asked to change leaves no doubt about the outcome. */
function unreached(finding: Finding): Finding {
  return finding.code === 'connection-lost' ? fault('database-unreachable', { why: finding.why }) : finding;
}

async function applyOpened(context: PlanContext, opened: Opened): Promise<Try> {
  const { task, ports, live, reported } = context;
  const { facts, session } = opened;
  const locks = reportLocks(ports, session, task.run);
  const stopWatching = expectAnswers(ports, session, locks);
  const planned = await planRun(context, opened).finally(stopWatching);
  locks.end();
  if (!planned.ok) return tried(locks.explain(planned.findings));
  if (planned.value === 'nothing-to-do')
    return isLeftOver(context, opened)
      ? describeLeft(context, opened.history)
      : { verdict: succeeded('nothing-to-do') };
  const { history } = planned.value;
  const { made, recorded } = withoutRecorded(planned.value.made, task);
  // From here on: it comes up while the run begins, and nothing waits for it.
  const control = (live.control ??= openControl(ports, task.run));
  live.watch ??= watchConnections(ports, control, task.run, () => workingOn(live));
  const prepared = await prepareSteps(made, { bundle: ports.bundle, history, session, schema: facts.schema }, task);
  if (!prepared.ok) return tried(prepared.findings);
  if (ports.signal.aborted) return { verdict: verdictOf(fault('interrupted', { why: 'Nothing was changed.' })) };

  const adoption = await adoptionOf(context, opened, planned.value.made.plan.steps);
  if (adoption !== undefined && !adoption.ok) return tried(adoption.findings);
  if (adoption !== undefined && adoption.value.plan.records.length === 0)
    return { verdict: adoptionVerdict(adoption.value.plan) };

  live.added = await undescribedColumns(ports.bundle, history);
  live.begun = begin(task, ports, live, {
    history,
    planHash: planned.value.made.plan.hash,
    first: task.how === 'execute' ? (made.plan.steps[0]?.id ?? '') : '',
    describes: true,
    touchesRows: task.how === 'execute' && made.plan.steps.some(mayTouchRows),
  });
  const from = reported.takenFrom;
  if (task.how === 'execute' && from === undefined && recorded.length === 0)
    return applyBehind(context, prepared.value);
  const started = await live.begun;
  if (!started.ok) return tried(started.findings);
  if (started.value === 'moved') return { verdict: verdictOf(fault('taken-over')), again: true };
  if (from !== undefined) await logEvent(session, task.run, { kind: 'took-over', body: { from, at: ports.now() } });
  reported.takenFrom = undefined;
  for (const step of recorded) {
    const refused = await recordUnexecuted(ports, live, { ...step, kind: 'squashed' }, []);
    if (refused !== undefined) return { verdict: await finish(ports, live, verdictOf(refused)) };
  }
  if (recorded.length > 0 && prepared.value.length === 0) return { verdict: await finish(ports, live, succeeded()) };
  if (adoption === undefined) return applyBehind(context, prepared.value);
  return {
    verdict: await finish(ports, live, await adoptRun(ports, live, planned.value.made.plan.steps, adoption.value)),
  };
}

/** What is executed, and the squashed migrations that are recorded before that. */
function withoutRecorded(
  made: MadePlan,
  { how }: ApplyTask,
): { readonly made: MadePlan; readonly recorded: readonly PlanStep[] } {
  const recorded = made.plan.steps.filter(({ standsFor }) => standsFor !== undefined);
  if (recorded.length === 0) return { made, recorded };
  const steps = made.plan.steps.filter(({ standsFor }) => standsFor === undefined);
  return { made: { ...made, plan: { ...made.plan, steps } }, recorded: how === 'execute' ? recorded : [] };
}

/** Through a pooler the lease is taken only for what is to be applied: there the next run that applies something does it. */
function isLeftOver({ task, live }: PlanContext, { history }: Opened): boolean {
  return task.how === 'execute' && (history.undescribed || history.unfollowed) && live.terms.pooled !== true;
}

/** Nothing is to be applied, but a run that died has left what it did undescribed. */
async function describeLeft({ task, ports, live }: PlanContext, history: History): Promise<Try> {
  live.added = await undescribedColumns(ports.bundle, history);
  live.begun = begin(task, ports, live, { history, planHash: '', first: '', describes: true });
  const started = await live.begun;
  if (!started.ok) return tried(started.findings);
  if (started.value === 'moved') return { verdict: verdictOf(fault('taken-over')), again: true };
  await followSeeds(ports, live);
  return { verdict: await finish(ports, live, succeeded('nothing-to-do')) };
}

/** Whatever is not proven is known before anything is written. */
async function adoptionOf(
  { task, ports, live }: PlanContext,
  { session, facts, history }: Opened,
  steps: MadePlan['plan']['steps'],
): Promise<Outcome<Adoption> | undefined> {
  const { how, selection, environment } = task;
  if (how === 'execute') return undefined;
  const stopWatching = expectAnswers(ports, session);
  const target = { steps, facts, history };
  const looked = await lookForAdoption(session, ports, target, {
    how,
    selection,
    environment: environment.name,
  });
  stopWatching();
  await live.stopping?.settle();
  return ports.signal.aborted ? err(fault('interrupted', { why: 'Nothing was changed.' })) : looked;
}

/** Applies; the run's first writes may still be on their way. */
async function applyBehind(context: PlanContext, steps: readonly PreparedStep[]): Promise<Try> {
  const { task, ports, live, reported } = context;
  const apply = task.describesEach === true ? applyEach : applyRun;
  const { verdict, applied, moved, notBegun } = await apply(ports, live, steps, task.locks);
  if (notBegun === 'anew') return { verdict, again: true };
  if (notBegun === 'refused') return tried(verdict.findings);
  reported.started = true;
  reported.applied.push(...applied);
  // Never an error by itself: the plan is made again, and if a reviewed one was brought, held against it.
  if (moved === true && !ports.signal.aborted) return { verdict, again: true };
  reported.started = false;
  const partly = verdict.outcome === 'partly-applied' && !ports.signal.aborted;
  const inPart = partly ? await partlyAppliedMigration(ports, live, steps) : undefined;
  return { verdict: await conclude(context, verdict, reported.applied, inPart) };
}

/** One migration after the other, each described before the next one begins. */
async function applyEach(...[ports, live, steps, locks]: Parameters<typeof applyRun>): ReturnType<typeof applyRun> {
  const applied: PreparedStep[] = [];
  for (const step of steps) {
    const run = await applyRun(ports, live, [step], locks);
    applied.push(...run.applied);
    if (run.verdict.exitCode !== 0 || run.applied.length === 0) return { ...run, applied };
    const described = await describeChanges(live);
    if (described.kind === 'refused')
      return { verdict: verdictOf(fault('database-refused', { why: described.why })), applied };
  }
  return { verdict: succeeded(), applied };
}

async function conclude(
  { task, ports, live }: PlanContext,
  verdict: Verdict,
  applied: readonly PreparedStep[],
  inPart?: PreparedStep,
): Promise<Verdict> {
  // The database is gone: nothing can be looked at, nothing written.
  if (verdict.findings.some(({ code }) => code === 'outcome-unknown')) return verdict;
  await live.stopping?.settle();
  // What stands in part may already differ from what the migrations before it state, rightly so: then only together with
  // it. And whoever stops a run waits for no checks.
  const unchecked = (verdict.outcome === 'partly-applied' && inPart === undefined) || ports.signal.aborted;
  const options = unchecked
    ? { ...task, verification: { ...task.verification, enabled: false } }
    : withoutFiring(task, live);
  const checked = await afterApplying(options, ports, live, { applied, ...(inPart === undefined ? {} : { inPart }) });
  if (verdict.exitCode !== 0) return finish(ports, live, verdict);
  // Whoever stops a run stops its checks too: what they have not seen is neither good nor bad.
  const why = 'All migrations are applied and recorded, but verification did not finish.';
  return finish(ports, live, ports.signal.aborted ? verdictOf(fault('interrupted', { why })) : checked);
}

/** A migration may change the search_path of its role or database: within one run names mean the same in all sessions. */
function pinnedBy({ pooled, searchPath, timesOut }: Opened['facts']): Pick<LiveRun['terms'], 'pooled' | 'pinned'> {
  const untimed = timesOut ? noTimeout : {};
  const pinned = { search_path: searchPath, default_transaction_read_only: 'off', ...untimed };
  return pooled ? { pooled, pinned: untimed } : { pooled, pinned };
}

/** Locks that a trigger takes would stay in a pooler's connection. */
function withoutFiring(task: ApplyTask, { terms: options }: LiveRun): ApplyTask {
  return options.pooled === true ? { ...task, verification: { ...task.verification, triggers: 'inspect' } } : task;
}

async function finish(ports: RunnerPorts, live: LiveRun, verdict: Verdict): Promise<Verdict> {
  await live.stopping?.settle();
  // Cancelled from beside it, or taken over.
  if (verdict.exitCode === 130 || verdict.exitCode === 20) live.stopping?.hurry();
  const failure = verdict.findings
    .filter((finding) => finding.severity === 'error')
    .map((finding) => `${finding.code}: ${finding.why}`)
    .join('; ')
    .slice(0, 2_000);
  const end = { outcome: verdict.outcome, exitCode: verdict.exitCode, failure };
  const written = await finishRun(live.session, live.run, end);
  if (written.ok) return verdict;
  // Whoever cancels a run from beside it may have met this too.
  const anew = written.error.lost ? (await reconnect(ports, live)).ok : written.error.sqlstate === '57014';
  if (anew) await finishRun(live.session, live.run, end);
  return verdict;
}
