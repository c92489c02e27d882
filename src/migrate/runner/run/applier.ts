import { fault, FaultError } from '../../../kit/fault.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { History } from '../../contract/history.ts';
import type { LockPolicy } from '../../contract/lock-policy.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { verdictOf } from '../../contract/verdict.ts';
import type { ApplyResult } from '../apply/apply-result.ts';
import { applySteps } from '../apply/apply-steps.ts';
import type { ApplyContext, PreparedStep } from '../apply/prepared.ts';
import { readHistory } from '../history/read-history.ts';
import { describeChanges } from '../verify/describe.ts';
import { reportBegun } from './begin.ts';
import type { StageEnd, Yielded } from './next.ts';
import { asTheyStand } from './prepare.ts';
import type { RunSession } from './run-session.ts';
import { createYielding } from './yielding.ts';

/**
 * The stages between the first writes of a run and its conclusion. Each returns how it ended; what comes next is
 * decided elsewhere.
 */
export interface Applier {
  /** Applies what is left, as far as it goes. */
  apply(): Promise<StageEnd>;
  /**
   * Called when the first writes failed. If only their answer was lost, the run continues after them, and what it sent
   * may be valid.
   */
  resolveBegin(): Promise<StageEnd>;
  /** Pauses for the sessions that block it. */
  giveWay(end: Yielded): Promise<StageEnd>;
  /** Reads what is applied now. */
  look(reconnect: boolean): Promise<StageEnd>;
  /** All steps to apply. */
  readonly steps: readonly PreparedStep[];
  /** The steps that are applied by now. */
  applied(): readonly PreparedStep[];
  /** The steps that are left. */
  left(): readonly PreparedStep[];
  /** Stops monitoring. */
  end(): void;
}

/** How steps are applied. */
export interface ApplierOptions {
  readonly locks: LockPolicy;
  /** True: each migration is described before the next one begins. */
  readonly describesEach: boolean;
  /** True: the steps share one transaction. */
  readonly together: boolean;
}

/** Applies these steps on the session of a run that has started, or whose first writes are still in flight. */
export function createApplier(
  given: RunnerPorts,
  live: RunSession,
  steps: readonly PreparedStep[],
  { locks, describesEach, together }: ApplierOptions,
): Applier {
  const yielding = createYielding(given, live, locks);
  const ports: RunnerPorts = { ...given, emit: (event) => yielding.monitor.emit(event) };
  let left = steps;

  const attempt = async (): Promise<ApplyResult> => {
    const batch = describesEach ? left.slice(0, 1) : left;
    const result = await applySteps(contextOf(), yielding.ready(batch), live.head);
    if (result.end.kind === 'not-begun') return result;
    live.moveTo(result.head);
    const through = new Set(result.applied);
    left = left.filter(({ step }) => !through.has(step.id));
    return result;
  };
  const contextOf = (): ApplyContext => ({
    ports,
    run: live.run,
    together,
    session: yielding.over(live.session),
    steppedBack: () => yielding.monitor.steppedBack(),
    settle: () => live.settle(),
    epoch: live.epoch,
    started: live.begun.then((started) => started.ok && started.value.kind === 'begun'),
    withCopySession: (use) => live.withCopySession((session) => use(yielding.over(session))),
  });

  const applied = (): readonly PreparedStep[] => {
    const ids = new Set(left.map(({ step }) => step.id));
    return steps.filter(({ step }) => !ids.has(step.id));
  };

  /** Reports steps that were applied without an answer, and determines what is left now. */
  const takeStock = (history: History): StageEnd => {
    reportOwn(ports, live.run, left, history);
    // All steps, not only those that were left: a commit inside a pipeline reaches the server's disk with a later one,
    // and is lost if the server crashes in between.
    const standing = asTheyStand(
      steps.filter(({ step }) => !isThrough(history, live.run, step)),
      history,
    );
    if (!standing.ok) return { kind: 'unknown', findings: standing.findings };
    left = standing.value;
    return { kind: 'known', left: left.map(({ step }) => step.id) };
  };

  /** Another run has taken over: the valid steps of this one are still reported. */
  const reportTakenOver = async (): Promise<void> => {
    const history = await readHistory(live.session, ports.hashing);
    if (!history.ok) return;
    const own = new Set(reportOwn(ports, live.run, left, history.value));
    left = left.filter((prepared) => !own.has(prepared));
  };

  /** A file could not be read part-way: the history shows how far the run got. */
  const stoppedByFile = async ({ findings }: FaultError): Promise<StageEnd> => {
    let history = await live.readHistory();
    if (!history.ok) {
      const back = await live.reconnect();
      if (!back.ok) return unreached(back.findings);
      history = await live.readHistory();
    }
    if (!history.ok) return { kind: 'unknown', findings: history.findings };
    const known = history.value;
    left = steps.filter(({ step }) => !isThrough(known, live.run, step));
    const verdict = verdictOf(...findings);
    const inPart = steps.some(({ step }) => known.partial.some(({ migration }) => migration === step.id));
    return {
      kind: 'stopped',
      verdict: inPart ? { ...verdict, outcome: 'partly-applied', exitCode: 41 } : verdict,
    };
  };

  return {
    async apply() {
      try {
        for (;;) {
          const { end } = await attempt();
          if (end.kind !== 'done' || !describesEach) return end;
          const described = await describeChanges(live);
          if (described.kind === 'refused')
            return { kind: 'stopped', verdict: verdictOf(fault('database-refused', { why: described.why })) };
          if (left.length === 0) return end;
        }
      } catch (error) {
        if (!(error instanceof FaultError)) throw error;
        return await stoppedByFile(error);
      }
    },
    async resolveBegin() {
      const started = await live.begun;
      if (started.ok) return { kind: 'overtaken' };
      const refused = { kind: 'refused', findings: started.findings } as const;
      if (!started.findings.some(({ code }) => code === 'connection-lost')) return refused;
      const back = await live.reconnect();
      if (!back.ok) return (await hasNeverBegun(live, back.findings)) ? refused : unreached(back.findings);
      const history = await live.readHistory();
      if (!history.ok) return { kind: 'unknown', findings: history.findings };
      live.confirmBegun(history.value.environmentId);
      reportBegun(ports, live, history.value.environmentId);
      return takeStock(history.value);
    },
    async giveWay(end) {
      return { kind: 'gave-way', finding: await yielding.after(end) };
    },
    async look(reconnect) {
      const back = reconnect ? await live.reconnect() : undefined;
      if (back?.ok === false) {
        if (isTakenOver(back.findings)) await reportTakenOver();
        return unreached(back.findings);
      }
      const history = await live.readHistory();
      return history.ok ? takeStock(history.value) : { kind: 'unknown', findings: history.findings };
    },
    steps,
    applied,
    left: () => left,
    end: () => yielding.monitor.close(),
  };
}

/**
 * The epoch belongs to another run: either this one was taken over, or it never raised the epoch. An earlier attempt at
 * this run may have left its row, so only a raised epoch proves that another run took over.
 */
async function hasNeverBegun({ session, epoch, run }: RunSession, findings: Findings): Promise<boolean> {
  if (!isTakenOver(findings)) return false;
  const raised = await session.send(
    `select from godwit.epoch where epoch >= ${epoch} and exists (select from godwit.run where run = ${quoteLiteral(run)})`,
    { rows: 'all' },
  );
  return !raised.ok || (raised.results[0]?.rows.length ?? 0) === 0;
}

type Findings = Extract<StageEnd, { readonly kind: 'unknown' }>['findings'];

function isTakenOver(findings: Findings): boolean {
  return findings.some(({ code }) => code === 'taken-over');
}

/** After a lost connection, another run holds the database, or what has happened there is unknown. */
function unreached(findings: Findings): StageEnd {
  if (isTakenOver(findings)) return { kind: 'unknown', findings };
  return { kind: 'unknown', findings: [fault('outcome-unknown', { why: findings.map(({ why }) => why).join(' ') })] };
}

/** Reports what this run has applied although the answers were lost. */
function reportOwn(
  { emit }: RunnerPorts,
  run: string,
  steps: readonly PreparedStep[],
  history: History,
): readonly PreparedStep[] {
  const own = new Map(history.rows.filter((row) => row.run === run).map((row) => [row.id, row]));
  return steps.filter(({ step }) => {
    const { id, name, direction, statements } = step;
    const row = own.get(id);
    if (row === undefined) return false;
    emit({ kind: 'migration.applied', id, name, direction, how: 'executed', ms: row.ms, statements });
    return true;
  });
}

/** Was this step recorded by this very run, although its answer never arrived? */
function isThrough(history: History, run: string, step: PreparedStep['step']): boolean {
  if (step.resumes === true) return !history.partial.some(({ migration }) => migration === step.id);
  const row = history.rows.findLast((candidate) => candidate.id === step.id);
  if (row === undefined) return false;
  const kind = step.direction === 'up' ? 'applied' : 'reverted';
  return row.kind === kind && row.checksum === step.checksum && (row.run === run || kind === 'applied');
}
