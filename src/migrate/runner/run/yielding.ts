import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import { within } from '../session/deadline.ts';
import { createRetries } from '../lock-waits/retries.ts';
import type { SnapshotQuery } from '../lock-waits/lock-wait-snapshot.ts';
import { firstWait, type LockPolicy } from '../../contract/lock-policy.ts';
import { createLockMonitor, type LockMonitor } from '../lock-waits/lock-monitor.ts';
import { age, describeBlockers, preparedCure } from '../lock-waits/blocker-text.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { LiveRun } from './live-run.ts';
import type { Yielded } from './next.ts';
import { openSession } from '../session/open.ts';

/** The query itself waits for a second or two. */
const askMs = 10_000;

/** Gives way to others: watches the blockers, pauses, and decides when to give up. */
export interface Yielding {
  readonly monitor: LockMonitor;
  /** Wraps a session so that it is watched while it does not answer. */
  over(session: Session): Session;
  /** Pauses before the next try; returns a finding if there is no next try. */
  after(end: Yielded): Promise<Finding | undefined>;
  /** The steps with the lock waits of the next try. */
  ready(steps: readonly PreparedStep[]): readonly PreparedStep[];
}

/** Lock waits of one run, over its control connection. */
export function createYielding(ports: RunnerPorts, live: LiveRun, policy: LockPolicy): Yielding {
  const look: SnapshotQuery = async (query) => {
    const answer = await live.control?.ask(query);
    return answer?.ok === true ? (answer.value.at(-1)?.rows ?? []) : undefined;
  };
  const ask = async (query: string): Promise<void> => {
    const opened = await openSession(ports, { ...live.sessionOptions, pipelined: false });
    if (!opened.ok) return;
    await within(ports, askMs, opened.value.send(query));
    await opened.value.close();
  };
  const monitor = createLockMonitor({ ports, look, ask, policy });
  const retries = createRetries(policy.budgetMs, () => ports.random());
  let began = ports.clock();
  let next: { readonly id: string; readonly firstMs: number } | undefined;
  return {
    monitor,
    // Through a pooler the backend changes from message to message, so there is nothing to watch.
    over(session) {
      if (session === live.session) began = ports.clock();
      return live.pooled ? session : monitor.over(session);
    },
    async after(end) {
      const { cause } = end;
      const statement = statementAt(end);
      // It has already had its own limit for one wait, and what it had built is gone.
      const waitedLong =
        cause === 'timeout' && statement?.lock === 'patient' && ports.clock() - began >= policy.concurrentMs;
      const fromZero = statement !== undefined && !statement.transactional && statement.lock !== 'strong';
      const failure = { migration: end.at.step.id, cause, fromZero, atMs: ports.clock() };
      const decision = waitedLong ? undefined : retries.after(failure);
      if (cause === 'timeout') await monitor.search(statement?.locks ?? []);
      const { blockers } = monitor;
      if (decision?.again !== true) return spent(end, decision, blockers);
      const { attempt, pauseMs, spentMs } = decision;
      const rounded = { pauseMs: Math.round(pauseMs), spentMs: Math.round(spentMs) };
      const { budgetMs } = policy;
      ports.emit({ kind: 'lock.retry', id: failure.migration, cause, attempt, ...rounded, budgetMs, blockers });
      const firstMs = monitor.passing ? firstWait(attempt) : undefined;
      next = firstMs === undefined ? undefined : { id: failure.migration, firstMs };
      monitor.expectTrouble();
      await monitor.pause(pauseMs);
      return undefined;
    },
    ready(steps) {
      const { id, firstMs } = next ?? {};
      if (firstMs === undefined) return steps;
      return steps.map((one) => (one.step.id === id ? { ...one, locks: { ...one.locks, firstMs } } : one));
    },
  };
}

/** The statement at which a finding is placed: at its start, or inside it. */
function statementAt({ at, finding }: Yielded): PreparedStep['analysis']['statements'][number] | undefined {
  const { line = 0, column = 0 } = finding.where ?? {};
  return at.analysis.statements.findLast(
    (statement) => statement.line < line || (statement.line === line && statement.column <= column),
  );
}

function spent(
  { cause, finding }: Yielded,
  tried: { readonly attempts: number; readonly spentMs: number } | undefined,
  blockers: LockMonitor['blockers'],
): Finding {
  const tries =
    tried === undefined || tried.attempts === 1
      ? ''
      : ` Godwit tried ${tried.attempts} times within ${age(tried.spentMs)}.`;
  const who = blockers.length === 0 ? '' : ` In the way: ${describeBlockers(blockers)}.`;
  const crowd =
    cause === 'crowd' ? ' Each time it stepped back, because too many sessions were waiting behind it.' : '';
  const why = `${finding.why.replace(/([^.])$/, '$1.')}${crowd}${tries}${who}`;
  const cure = preparedCure(blockers);
  if (cause !== 'crowd' || finding.code === 'partly-applied')
    return { ...finding, why, ...(cure === undefined ? {} : { fix: cure }) };
  return fault('lock-timeout', { why, ...(finding.where === undefined ? {} : { where: finding.where }) });
}
