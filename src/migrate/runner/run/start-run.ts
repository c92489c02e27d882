import { fault } from '../../../kit/fault.ts';
import { err, type Outcome } from '../../../kit/outcome.ts';
import type { History } from '../../contract/history.ts';
import type { RunAbout } from '../../contract/history-rows.ts';
import type { PlanStep } from '../../contract/model.ts';
import type { ApplyTask } from '../../contract/task.ts';
import { verdictOf, succeeded } from '../../contract/verdict.ts';
import type { MadePlan } from '../../plan/make-plan.ts';
import { adoptionVerdict, adoptRun, lookForAdoption, recordUnexecuted, type Adoption } from '../adopt/adopt-run.ts';
import { claimOf } from '../adopt/foreign/choose-claim.ts';
import type { ForeignClaim } from '../adopt/foreign/match-entries.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import { mayTouchRows } from '../apply/step-message.ts';
import { logEvent } from '../history/run-record.ts';
import type { Opened } from '../session/open.ts';
import { reportLocks } from '../session/report-locks.ts';
import { expectAnswers } from '../session/watch-connections.ts';
import { undescribedColumns } from '../verify/describe.ts';
import { followSeeds } from '../verify/follow-seeds.ts';
import type { StageEnd } from './next.ts';
import { planRun, type PlanContext } from './plan-run.ts';
import { prepareSteps } from './prepare.ts';

/** How the start of a run ended; `ready` carries the steps to apply. */
export type StartEnd =
  | { readonly kind: 'ready'; readonly steps: readonly PreparedStep[] }
  | Extract<StageEnd, { readonly kind: 'over' | 'refused' | 'overtaken' }>;

/**
 * Plans and starts a run on a newly opened session. A run that executes migrations is ready while its first writes are
 * still in flight; one that only records something is over when this returns.
 */
export async function startRun(context: PlanContext, opened: Opened): Promise<StartEnd> {
  const { task, ports, live, progress } = context;
  const { facts, session } = opened;
  const locks = reportLocks(ports, session, task.run);
  const stopWatching = expectAnswers(ports, session, locks);
  const planned = await planRun(context, opened).finally(stopWatching);
  locks.end();
  if (!planned.ok) return { kind: 'refused', findings: locks.explain(planned.findings) };
  if (planned.value === 'nothing-to-do')
    return isLeftOver(context, opened)
      ? await describeLeft(context, opened.history)
      : { kind: 'over', verdict: succeeded('nothing-to-do') };
  const { history } = planned.value;
  const { made, recorded } = withoutRecorded(planned.value.made, task);
  // From here on: the connection opens while the run starts, and nothing waits for it.
  live.watch();
  const prepared = await prepareSteps(made, { bundle: ports.bundle, history, session, schema: facts.schema }, task);
  if (!prepared.ok) return { kind: 'refused', findings: prepared.findings };
  if (ports.signal.aborted) return untouched;

  const adoption = await adoptionOf(context, opened, planned.value.made.plan.steps);
  if (adoption !== undefined && !adoption.ok) return { kind: 'refused', findings: adoption.findings };
  if (adoption !== undefined && adoption.value.plan.records.length === 0)
    return { kind: 'over', verdict: adoptionVerdict(adoption.value.plan) };

  const about = aboutClaim(adoption?.value.claim, history) ?? aboutTransaction(made.plan, history);
  const beginning = live.begin(about === undefined ? task : { ...task, about }, {
    history,
    added: await undescribedColumns(ports.bundle, history),
    planHash: planned.value.made.plan.hash,
    first: task.how === 'execute' ? (made.plan.steps[0]?.id ?? '') : '',
    describes: true,
    touchesRows: task.how === 'execute' && made.plan.steps.some(mayTouchRows),
  });
  const from = progress.takenFrom;
  const ready = { kind: 'ready', steps: prepared.value } as const;
  if (task.how === 'execute' && from === undefined && recorded.length === 0) return ready;
  const started = await beginning;
  if (!started.ok) return { kind: 'refused', findings: started.findings };
  if (started.value.kind === 'moved') return { kind: 'overtaken' };
  progress.started = true;
  if (from !== undefined) await logEvent(session, task.run, { kind: 'took-over', body: { from, at: ports.now() } });
  progress.takenFrom = undefined;
  for (const step of recorded) {
    const refused = await recordUnexecuted(ports, live, { ...step, kind: 'squashed' });
    if (refused !== undefined) return { kind: 'over', verdict: verdictOf(refused) };
  }
  if (adoption !== undefined) {
    const { steps } = planned.value.made.plan;
    return { kind: 'over', verdict: await adoptRun(ports, live, steps, adoption.value) };
  }
  return prepared.value.length > 0 ? ready : { kind: 'over', verdict: succeeded() };
}

const untouched: StartEnd = {
  kind: 'over',
  verdict: verdictOf(fault('interrupted', { why: 'Nothing was changed.' })),
};

/** Records the squashed migrations first, and returns what is to be executed. */
function withoutRecorded(
  made: MadePlan,
  { how }: ApplyTask,
): { readonly made: MadePlan; readonly recorded: readonly PlanStep[] } {
  const recorded = made.plan.steps.filter(({ standsFor }) => standsFor !== undefined);
  if (recorded.length === 0) return { made, recorded };
  const steps = made.plan.steps.filter(({ standsFor }) => standsFor === undefined);
  return { made: { ...made, plan: { ...made.plan, steps } }, recorded: how === 'execute' ? recorded : [] };
}

/** Through a pooler the lease is taken only to apply something: there the next run that does so describes it. */
function isLeftOver({ task, live }: PlanContext, { history }: Opened): boolean {
  return task.how === 'execute' && (history.undescribed || history.unfollowed) && !live.pooled;
}

/** Nothing is to be applied, but a dead run has left its changes undescribed. */
async function describeLeft({ task, ports, live, progress }: PlanContext, history: History): Promise<StartEnd> {
  const added = await undescribedColumns(ports.bundle, history);
  const started = await live.begin(task, { history, added, planHash: '', first: '', describes: true });
  if (!started.ok) return { kind: 'refused', findings: started.findings };
  if (started.value.kind === 'moved') return { kind: 'overtaken' };
  progress.started = true;
  await followSeeds(ports, live);
  return { kind: 'over', verdict: succeeded('nothing-to-do') };
}

/** The tool whose history was taken over, for the row of the run. */
function aboutClaim(claim: ForeignClaim | undefined, { rows }: History): string | undefined {
  if (claim === undefined) return undefined;
  const { tool, table, entries } = claim.history;
  const about: RunAbout = {
    words: ['--from', tool],
    seq: rows.at(-1)?.seq ?? 0,
    claim: { tool, table, entries: entries.length },
  };
  return JSON.stringify(about);
}

/** That the migrations share one transaction, for the row of the run. */
function aboutTransaction({ tx }: MadePlan['plan'], { rows }: History): string | undefined {
  if (tx === undefined) return undefined;
  const about: RunAbout = { words: ['--tx', tx], seq: rows.at(-1)?.seq ?? 0, tx };
  return JSON.stringify(about);
}

/** What is not proven is known before anything is written. */
async function adoptionOf(
  { task, ports, live }: PlanContext,
  { session, facts, history }: Opened,
  steps: MadePlan['plan']['steps'],
): Promise<Outcome<Adoption> | undefined> {
  const { how, selection, environment } = task;
  if (how === 'execute') return undefined;
  const stopWatching = expectAnswers(ports, session);
  const target = { steps, facts, history };
  const claim = await claimOf(session, ports.bundle, task.from);
  const looked = claim.ok
    ? await lookForAdoption(session, ports, target, {
        how,
        selection,
        environment: environment.name,
        claim: claim.value,
      })
    : claim;
  stopWatching();
  await live.settle();
  return ports.signal.aborted ? err(fault('interrupted', { why: 'Nothing was changed.' })) : looked;
}
