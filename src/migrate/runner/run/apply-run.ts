import { fault, FaultError } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { bad, type Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import { applySteps, type ApplyResult } from '../apply/apply-steps.ts';
import type { ApplyContext, PreparedStep } from '../apply/prepared.ts';
import { defaultLockTerms, type LockTerms } from '../../contract/lock-policy.ts';
import { readHistory } from '../history/read-history.ts';
import type { History } from '../../contract/history.ts';
import { logEvent } from '../history/run-record.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { tellBegun } from './begin.ts';
import type { RunSession } from './run-session.ts';
import { asTheyStand } from './prepare.ts';
import { verdictOf, wellDone, type Verdict, afterChanges } from '../../contract/verdict.ts';
import { createYielding, type Yielded, type Yielding } from './yielding.ts';

/** After a lost connection; locks have a budget of their own. */
const mostTries = 12;
/** A statement that ends the server itself is not tried forever. */
const mostLosses = 3;

/**
 * Applies all steps; after a lock that could not be had or a lost connection it looks at what is applied now and goes on
 * from there, a bounded number of times. When the history has moved without it, the plan no longer holds.
 *
 * @returns the verdict on applying alone; what was applied is in the history
 */
export async function applyRun(
  ports: RunnerPorts,
  live: RunSession,
  steps: readonly PreparedStep[],
  locks: LockTerms = defaultLockTerms,
): Promise<AppliedRun> {
  const yielding = createYielding(ports, live, locks);
  try {
    const run = await applyAll({ ...ports, emit: (event) => yielding.lookout.emit(event) }, live, steps, yielding);
    return run.applied.length > 0 ? { ...run, verdict: afterChanges(run.verdict) } : run;
  } finally {
    yielding.lookout.close();
  }
}

interface AppliedRun {
  readonly verdict: Verdict;
  readonly applied: readonly PreparedStep[];
  /** The history is not the one that was planned for: another plan is needed. */
  readonly moved?: true;
  /** The run could not be begun, and nothing was done. `anew`: another try from its beginning may succeed. */
  readonly notBegun?: 'anew' | 'refused';
}

async function applyAll(
  ports: RunnerPorts,
  live: RunSession,
  steps: readonly PreparedStep[],
  yielding: Yielding,
): Promise<AppliedRun> {
  let remaining = steps;
  const losses = new Map<string, number>();
  let tries = 0;
  for (;;) {
    const context: ApplyContext = {
      ports,
      run: live.run,
      session: yielding.over(live.session),
      steppedBack: () => yielding.lookout.steppedBack(),
      settle: () => live.settle(),
      epoch: live.epoch,
      begun: live.begun.then((begun) => begun.ok && begun.value.kind === 'begun'),
      withCopySession: (use) => live.withCopySession((session) => use(yielding.over(session))),
    };
    let result: ApplyResult;
    try {
      result = await applySteps(context, yielding.ready(remaining), live.head);
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
      return await stoppedByFile(live, steps, error);
    }
    if (result.end.kind === 'not-begun') {
      const behind = await behindBegin(ports, live, remaining);
      if ('applied' in behind) return behind;
      remaining = behind.remaining;
      if (remaining.length > 0) continue;
      return { verdict: wellDone(), applied: steps };
    }
    live.moveTo(result.head);
    const through = new Set(result.applied);
    remaining = remaining.filter(({ step }) => !through.has(step.id));
    const applied = (): readonly PreparedStep[] => {
      const left = new Set(remaining.map(({ step }) => step.id));
      return steps.filter(({ step }) => !left.has(step.id));
    };
    const { end } = result;
    if (end.kind === 'again' && end.cause === 'moved')
      return {
        verdict: verdictOf(ports.signal.aborted ? fault('interrupted') : end.finding),
        applied: applied(),
        moved: true,
      };
    if (end.kind === 'again' && isYielded(end) && !ports.signal.aborted) {
      const finding = await yielding.after(end);
      if (finding !== undefined) {
        const failed = { end: { ...end, finding } };
        return { verdict: await conclude(ports, live, failed), applied: applied() };
      }
    } else tries += 1;
    if (end.kind === 'again' && tries < mostTries && (end.cause === 'lost' || !ports.signal.aborted)) {
      const known = await lookAgain(live, end.cause);
      if (!known.ok) {
        if (known.findings.some(({ code }) => code === 'taken-over'))
          remaining = await withoutOwn(ports, live, remaining);
        return { verdict: verdictOf(...known.findings), applied: applied() };
      }
      // All steps, not those that remained: what was answered inside a pipeline reaches the server's disk with a later
      // commit, and a server that crashed in between has it no more.
      const left = steps.filter(({ step }) => !isThrough(known.value, live.run, step));
      tellOwn(ports, live, remaining, known.value);
      const standing = asTheyStand(left, known.value);
      if (!standing.ok) return { verdict: verdictOf(...standing.findings), applied: applied() };
      remaining = standing.value;
      const { id } = end.at.step;
      if (end.cause === 'lost') losses.set(id, (losses.get(id) ?? 0) + 1);
      const hopeless = (losses.get(id) ?? 0) >= mostLosses && remaining.some(({ step }) => step.id === id);
      if (hopeless) return { verdict: await conclude(ports, live, { end }), applied: applied() };
      if (remaining.length > 0) continue;
      return { verdict: wellDone(), applied: applied() };
    }
    const cancelled = end.kind === 'failed' && end.fromOutside ? await live.cancelledBy() : undefined;
    if (cancelled !== undefined) return { verdict: verdictOf(cancelled), applied: applied() };
    return { verdict: await conclude(ports, live, { end }, remaining.slice(1)), applied: applied() };
  }
}

/** The first writes have no good answer. If it was only lost, the run goes on behind them, and what it sent may count. */
async function behindBegin(
  ports: RunnerPorts,
  live: RunSession,
  steps: readonly PreparedStep[],
): Promise<AppliedRun | { readonly remaining: readonly PreparedStep[] }> {
  const begun = await live.begun;
  if (begun.ok) return { verdict: verdictOf(fault('taken-over')), applied: [], notBegun: 'anew' };
  const refused = { verdict: verdictOf(...begun.findings), applied: [], notBegun: 'refused' } as const;
  if (!begun.findings.some(({ code }) => code === 'connection-lost')) return refused;
  const back = await live.reconnect();
  if (!back.ok) {
    const unreached = fault('outcome-unknown', { why: back.findings.map((finding) => finding.why).join(' ') });
    if (!back.findings.some(({ code }) => code === 'taken-over')) return { verdict: verdictOf(unreached), applied: [] };
    // The epoch is another run's: because it was taken over, or because this one has never come so far.
    // An earlier attempt at the run may have left its row: only an epoch that was raised tells of somebody else.
    const raised = await live.session.send(
      `select from godwit.epoch where epoch >= ${live.epoch} and exists (select from godwit.run where run = ${quoteLiteral(live.run)})`,
      { rows: 'all' },
    );
    const over = raised.ok && (raised.results[0]?.rows.length ?? 0) > 0;
    return over ? { verdict: verdictOf(...back.findings), applied: [] } : { ...refused, notBegun: 'anew' };
  }
  const history = await live.readHistory();
  if (!history.ok) return { verdict: verdictOf(...history.findings), applied: [] };
  live.confirmBegun(history.value.environmentId);
  tellBegun(ports, live, history.value.environmentId);
  tellOwn(ports, live, steps, history.value);
  const left = steps.filter(({ step }) => !isThrough(history.value, live.run, step));
  const standing = asTheyStand(left, history.value);
  return standing.ok ? { remaining: standing.value } : { verdict: verdictOf(...standing.findings), applied: [] };
}

/** How applying ended, in all ways but the one in which nothing was begun. */
type Ended = { readonly end: Exclude<ApplyResult['end'], { readonly kind: 'not-begun' }> };

async function conclude(
  ports: RunnerPorts,
  live: RunSession,
  { end }: Ended,
  later: readonly PreparedStep[] = [],
): Promise<Verdict> {
  if (end.kind === 'done') return wellDone();
  if (end.kind === 'interrupted' || (end.kind === 'again' && ports.signal.aborted))
    return verdictOf(fault('interrupted'));
  const { id, name } = end.at.step;
  const finding = end.kind === 'failed' ? await advised(live, end, later) : end.finding;
  ports.emit({ kind: 'migration.failed', id, name, finding });
  const body = { migration: id, code: finding.code, where: finding.where ?? {}, why: finding.why, at: ports.now() };
  await logEvent(live.session, live.run, { kind: 'failed', body });
  const stands = end.kind === 'failed' && end.stands;
  return stands ? { ...verdictOf(finding), outcome: 'partly-applied', exitCode: 41 } : verdictOf(finding);
}

async function advised(
  live: RunSession,
  { finding, error, at }: Extract<ApplyResult['end'], { readonly kind: 'failed' }>,
  later: readonly PreparedStep[],
): Promise<Finding> {
  if (error === undefined) return finding;
  return await (await import('../advice/advise.ts')).advise(live.session, { finding, error, at, later });
}

function isYielded(end: Extract<ApplyResult['end'], { readonly kind: 'again' }>): end is Yielded {
  return end.cause !== 'moved' && end.cause !== 'lost';
}

/** Reconnects if need be, and reads what is applied now. */
async function lookAgain(
  live: RunSession,
  cause: Extract<ApplyResult['end'], { readonly kind: 'again' }>['cause'],
): Promise<Outcome<History>> {
  if (cause === 'lost') {
    const again = await live.reconnect();
    if (!again.ok && again.findings.some(({ code }) => code === 'taken-over')) return again;
    if (!again.ok)
      return bad(fault('outcome-unknown', { why: again.findings.map((finding) => finding.why).join(' ') }));
  }
  return await live.readHistory();
}

/** Tells what this run has applied without hearing of it: the answers were lost. */
function tellOwn(
  ports: RunnerPorts,
  live: RunSession,
  steps: readonly PreparedStep[],
  history: History,
): readonly PreparedStep[] {
  const own = new Map(history.rows.filter(({ run }) => run === live.run).map((row) => [row.id, row]));
  return steps.filter(({ step }) => {
    const { id, name, direction, statements } = step;
    const row = own.get(id);
    if (row === undefined) return false;
    ports.emit({ kind: 'migration.applied', id, name, direction, how: 'executed', ms: row.ms, statements });
    return true;
  });
}

/** Another run has taken over: what of this one counts is told all the same. */
async function withoutOwn(
  ports: RunnerPorts,
  live: RunSession,
  remaining: readonly PreparedStep[],
): Promise<readonly PreparedStep[]> {
  const history = await readHistory(live.session, ports.hashing);
  if (!history.ok) return remaining;
  const own = new Set(tellOwn(ports, live, remaining, history.value));
  return remaining.filter((prepared) => !own.has(prepared));
}

/** A file failed us on the way: the history tells how far it went. */
async function stoppedByFile(
  live: RunSession,
  steps: readonly PreparedStep[],
  { findings }: FaultError,
): Promise<AppliedRun> {
  const known = await live.readHistory();
  const history = known.ok ? known : await lookAgain(live, 'lost');
  if (!history.ok) return { verdict: verdictOf(...history.findings), applied: [] };
  const applied = steps.filter(({ step }) => isThrough(history.value, live.run, step));
  const verdict = verdictOf(...findings);
  const inPart = steps.some(({ step }) => history.value.partial.some(({ migration }) => migration === step.id));
  return { verdict: inPart ? { ...verdict, outcome: 'partly-applied', exitCode: 41 } : verdict, applied };
}

/** Was this step recorded by this very run, although its answer never arrived? */
function isThrough(history: History, run: string, step: PreparedStep['step']): boolean {
  if (step.resumes === true) return !history.partial.some(({ migration }) => migration === step.id);
  const row = history.rows.findLast((candidate) => candidate.id === step.id);
  if (row === undefined) return false;
  const kind = step.direction === 'up' ? 'applied' : 'reverted';
  return row.kind === kind && row.checksum === step.checksum && (row.run === run || kind === 'applied');
}
