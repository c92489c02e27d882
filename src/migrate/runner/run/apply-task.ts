import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { bad, type Outcome } from '../../../kit/outcome.ts';
import { logEvent } from '../history/run-record.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import type { PlanStep } from '../../contract/model.ts';
import { bundleInEffect } from '../../plan/in-effect.ts';
import type { MadePlan } from '../../plan/make-plan.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { ApplyTask } from '../../contract/task.ts';
import { adoptionVerdict, adoptRun, lookForAdoption, recordUnexecuted, type Adoption } from '../adopt/adopt-run.ts';
import { tellLocks } from '../session/report-locks.ts';
import { expectAnswers } from '../session/watch-connections.ts';
import { applyRun } from './apply-run.ts';
import { mayTouchRows } from '../apply/step-message.ts';
import { describeChanges, undescribedColumns } from '../verify/describe.ts';
import { followSeeds } from '../verify/follow-seeds.ts';
import type { History } from '../../contract/history.ts';
import { RunSession } from './run-session.ts';
import { open, type Opened } from '../session/open.ts';
import { planRun, type PlanTerms, type Told } from './plan-run.ts';
import { prepareSteps } from './prepare.ts';
import { standingPart } from './standing-part.ts';
import { tellHistory } from '../inspect/report-history.ts';
import { afterApplying } from '../verify/after-applying.ts';
import { verdictOf, wellDone, type Verdict } from '../../contract/verdict.ts';

const mostTries = 5;
const ownSessionMs = 10_000;

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
  const told: Told = { plan: '', begun: false, applied: [] };
  for (let tries = 1; ; tries += 1) {
    // An own earlier session may hold the lock for a moment more.
    const waitMs = tries === 1 ? task.waitMs : Math.max(task.waitMs, ownSessionMs);
    const { verdict, again } = await tryApply({ ...task, waitMs }, ports, told);
    if (again !== true || tries === mostTries || ports.signal.aborted) return verdict;
    await ports.sleep((0.5 + ports.random()) * Math.min(100 * 2 ** tries, 2_000));
  }
}

async function tryApply(task: ApplyTask, given: RunnerPorts, told: Told): Promise<Try> {
  const opened = await open(given, task, { waitMs: task.waitMs, takeOver: task.takeOver === true });
  if (!opened.ok) return { ...tried(opened.findings), verdict: verdictOf(...opened.findings.map(unreached)) };
  const ports = { ...given, bundle: bundleInEffect(given.bundle, opened.value.history) };
  told.takenFrom ??= opened.value.takenFrom?.text;
  const pinned = pinnedBy(opened.value.facts);
  const live = new RunSession(ports, opened.value, { run: task.run, onDisconnect: task.onDisconnect, pinned });
  try {
    const ended = await applyOpened({ task, ports, live, told }, opened.value);
    // Begun by an earlier try, and refused by this one.
    if (told.begun && ended.again !== true) await finish(live, ended.verdict);
    if (task.tells === true && ended.again !== true) await tellHistory(ports, live.session);
    return ended;
  } finally {
    await live.close();
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

async function applyOpened(terms: PlanTerms, opened: Opened): Promise<Try> {
  const { task, ports, live, told } = terms;
  const { facts, session } = opened;
  const locks = tellLocks(ports, session, task.run);
  const stopWatching = expectAnswers(ports, session, locks);
  const planned = await planRun(terms, opened).finally(stopWatching);
  locks.end();
  if (!planned.ok) return tried(locks.explain(planned.findings));
  if (planned.value === 'nothing-to-do')
    return isLeftOver(terms, opened) ? describeLeft(terms, opened.history) : { verdict: wellDone('nothing-to-do') };
  const { history } = planned.value;
  const { made, recorded } = withoutRecorded(planned.value.made, task);
  // From here on: it comes up while the run begins, and nothing waits for it.
  live.watch();
  const prepared = await prepareSteps(made, { bundle: ports.bundle, history, session, schema: facts.schema }, task);
  if (!prepared.ok) return tried(prepared.findings);
  if (ports.signal.aborted) return { verdict: verdictOf(fault('interrupted', { why: 'Nothing was changed.' })) };

  const adoption = await adoptionOf(terms, opened, planned.value.made.plan.steps);
  if (adoption !== undefined && !adoption.ok) return tried(adoption.findings);
  if (adoption !== undefined && adoption.value.plan.records.length === 0)
    return { verdict: adoptionVerdict(adoption.value.plan) };

  const beginning = live.begin(task, {
    history,
    added: await undescribedColumns(ports.bundle, history),
    planHash: planned.value.made.plan.hash,
    first: task.how === 'execute' ? (made.plan.steps[0]?.id ?? '') : '',
    describes: true,
    touchesRows: task.how === 'execute' && made.plan.steps.some(mayTouchRows),
  });
  const from = told.takenFrom;
  if (task.how === 'execute' && from === undefined && recorded.length === 0) return applyBehind(terms, prepared.value);
  const begun = await beginning;
  if (!begun.ok) return tried(begun.findings);
  if (begun.value.kind === 'moved') return { verdict: verdictOf(fault('taken-over')), again: true };
  if (from !== undefined) await logEvent(session, task.run, { kind: 'took-over', body: { from, at: ports.now() } });
  told.takenFrom = undefined;
  for (const step of recorded) {
    const refused = await recordUnexecuted(ports, live, { ...step, kind: 'squashed' }, []);
    if (refused !== undefined) return { verdict: await finish(live, verdictOf(refused)) };
  }
  if (recorded.length > 0 && prepared.value.length === 0) return { verdict: await finish(live, wellDone()) };
  if (adoption === undefined) return applyBehind(terms, prepared.value);
  return {
    verdict: await finish(live, await adoptRun(ports, live, planned.value.made.plan.steps, adoption.value)),
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
function isLeftOver({ task, live }: PlanTerms, { history }: Opened): boolean {
  return task.how === 'execute' && (history.undescribed || history.unfollowed) && !live.pooled;
}

/** Nothing is to be applied, but a run that died has left what it did undescribed. */
async function describeLeft({ task, ports, live }: PlanTerms, history: History): Promise<Try> {
  const added = await undescribedColumns(ports.bundle, history);
  const begun = await live.begin(task, { history, added, planHash: '', first: '', describes: true });
  if (!begun.ok) return tried(begun.findings);
  if (begun.value.kind === 'moved') return { verdict: verdictOf(fault('taken-over')), again: true };
  await followSeeds(ports, live);
  return { verdict: await finish(live, wellDone('nothing-to-do')) };
}

/** Whatever is not proven is known before anything is written. */
async function adoptionOf(
  { task, ports, live }: PlanTerms,
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
  await live.settle();
  return ports.signal.aborted ? bad(fault('interrupted', { why: 'Nothing was changed.' })) : looked;
}

/** Applies; the run's first writes may still be on their way. */
async function applyBehind(terms: PlanTerms, steps: readonly PreparedStep[]): Promise<Try> {
  const { task, ports, live, told } = terms;
  const apply = task.describesEach === true ? applyEach : applyRun;
  const { verdict, applied, moved, notBegun } = await apply(ports, live, steps, task.locks);
  if (notBegun === 'anew') return { verdict, again: true };
  if (notBegun === 'refused') return tried(verdict.findings);
  told.begun = true;
  told.applied.push(...applied);
  // Never an error by itself: the plan is made again, and if a reviewed one was brought, held against it.
  if (moved === true && !ports.signal.aborted) return { verdict, again: true };
  told.begun = false;
  const partly = verdict.outcome === 'partly-applied' && !ports.signal.aborted;
  const inPart = partly ? await standingPart(ports, live, steps) : undefined;
  return { verdict: await conclude(terms, verdict, told.applied, inPart) };
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
  return { verdict: wellDone(), applied };
}

async function conclude(
  { task, ports, live }: PlanTerms,
  verdict: Verdict,
  applied: readonly PreparedStep[],
  inPart?: PreparedStep,
): Promise<Verdict> {
  // The database is gone: nothing can be looked at, nothing written.
  if (verdict.findings.some(({ code }) => code === 'outcome-unknown')) return verdict;
  await live.settle();
  // What stands in part may already differ from what the migrations before it state, rightly so: then only together with
  // it. And whoever stops a run waits for no checks.
  const unchecked = (verdict.outcome === 'partly-applied' && inPart === undefined) || ports.signal.aborted;
  const terms = unchecked
    ? { ...task, verification: { ...task.verification, enabled: false } }
    : withoutFiring(task, live);
  const checked = await afterApplying(terms, ports, live, { applied, ...(inPart === undefined ? {} : { inPart }) });
  if (verdict.exitCode !== 0) return finish(live, verdict);
  // Whoever stops a run stops its checks too: what they have not seen is neither good nor bad.
  const why = 'Everything is applied and recorded; it was not verified to the end.';
  return finish(live, ports.signal.aborted ? verdictOf(fault('interrupted', { why })) : checked);
}

/** A migration may change the search_path of its role or database: within one run names mean the same in all sessions. */
function pinnedBy({ pooled, searchPath }: Opened['facts']): Readonly<Record<string, string>> {
  return pooled ? {} : { search_path: searchPath, default_transaction_read_only: 'off' };
}

/** Locks that a trigger takes would stay in a pooler's connection. */
function withoutFiring(task: ApplyTask, { pooled }: RunSession): ApplyTask {
  return pooled ? { ...task, verification: { ...task.verification, triggers: 'inspect' } } : task;
}

async function finish(live: RunSession, verdict: Verdict): Promise<Verdict> {
  await live.finish(verdict);
  return verdict;
}
