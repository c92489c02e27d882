import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { ApplyTask } from '../../contract/task.ts';
import type { Verdict } from '../../contract/verdict.ts';
import { defaultLockPolicy } from '../../contract/lock-policy.ts';
import { bundleInEffect } from '../../plan/in-effect.ts';
import { reportHistory } from '../inspect/report-history.ts';
import { open, type Opened } from '../session/open.ts';
import { createApplier, type Applier } from './applier.ts';
import { conclude, type Concluded } from './conclude.ts';
import { atFirst, next, type Action, type Conclusion, type StageEnd } from './next.ts';
import type { RunProgress } from './plan-run.ts';
import { RunSession } from './run-session.ts';
import { startRun } from './start-run.ts';

const ownSessionMs = 10_000;

/** Probe, plan, apply, verify, record: one execution if nothing prevents it. */
export async function performApply(task: ApplyTask, ports: RunnerPorts): Promise<Verdict> {
  const run = createStages(task, ports);
  try {
    let { state, action } = atFirst;
    for (;;) {
      if (action.do === 'conclude' || action.do === 'leave') return await run.end(action);
      const end = await run.perform(action);
      ({ state, action } = next(state, end, ports.signal.aborted));
    }
  } finally {
    await run.close();
  }
}

type Last = Extract<Action, { readonly do: 'conclude' | 'leave' }>;

/** The stages of one task, with the session that they share; each start opens a new one. */
function createStages(
  task: ApplyTask,
  given: RunnerPorts,
): {
  perform(action: Exclude<Action, Last>): Promise<StageEnd>;
  end(action: Last): Promise<Verdict>;
  close(): Promise<void>;
} {
  const progress: RunProgress = { plan: '', started: false, applied: [] };
  let ports = given;
  let live: RunSession | undefined;
  let applier: Applier | undefined;

  const close = async (): Promise<void> => {
    applier?.end();
    progress.applied.push(...(applier?.applied() ?? []));
    applier = undefined;
    await live?.close();
    live = undefined;
  };
  const start = async (attempt: number): Promise<StageEnd> => {
    await close();
    if (attempt > 1) await given.sleep((0.5 + given.random()) * Math.min(100 * 2 ** (attempt - 1), 2_000));
    // Our own earlier session may hold the lock for another moment.
    const waitMs = attempt === 1 ? task.waitMs : Math.max(task.waitMs, ownSessionMs);
    const opened = await open(given, task, { waitMs, takeOver: task.takeOver === true });
    if (!opened.ok) return { kind: 'not-opened', findings: opened.findings };
    progress.takenFrom ??= opened.value.takenFrom?.text;
    ports = { ...given, bundle: bundleInEffect(given.bundle, opened.value.history) };
    const pinned = pinnedBy(opened.value.facts);
    live = new RunSession(ports, opened.value, { run: task.run, onDisconnect: task.onDisconnect, pinned });
    const started = await startRun({ task, ports, live, progress }, opened.value);
    if (started.kind !== 'ready') return started;
    const { locks = defaultLockPolicy, describesEach = false } = task;
    const together = task.selection.tx === 'all';
    applier = createApplier(ports, live, started.steps, { locks, describesEach, together });
    return started;
  };
  const current = (): Applier => {
    if (applier === undefined) throw new Error('nothing is applied before the run has started');
    return applier;
  };
  const concluded = async (end: Conclusion): Promise<Concluded> => {
    if (live === undefined) throw new Error('nothing is concluded before the run has started');
    return await conclude({ task, ports, live, applier: current(), before: progress.applied }, end);
  };

  return {
    close,
    async perform(action) {
      switch (action.do) {
        case 'start':
          return await start(action.attempt);
        case 'apply': {
          const end = await current().apply();
          if (end.kind !== 'not-begun') progress.started = true;
          return end;
        }
        case 'resolve-begin':
          return await current().resolveBegin();
        case 'give-way':
          return await current().giveWay(action.end);
        case 'look':
          return await current().look(action.reconnect);
      }
    },
    async end(action) {
      // It may have started without applying anything: an earlier start applied steps, or it only records.
      const ended =
        action.do === 'leave' ? { verdict: action.verdict, writes: progress.started } : await concluded(action.end);
      if (ended.writes) await live?.finish(ended.verdict);
      if (task.tells === true && live !== undefined) await reportHistory(ports, live.session);
      return ended.verdict;
    },
  };
}

/** A migration may change the search_path of its role or database: within one run names mean the same in all sessions. */
function pinnedBy({ pooled, searchPath }: Opened['facts']): Readonly<Record<string, string>> {
  return pooled ? {} : { search_path: searchPath, default_transaction_read_only: 'off' };
}
