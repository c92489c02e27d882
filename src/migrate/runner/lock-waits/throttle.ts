import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { createProgressMeter } from './progress.ts';
import type { LockWaitSnapshot } from './lock-wait-snapshot.ts';
import { shortWaitMs } from '../../contract/lock-policy.ts';

/** Reports waits and long builds. */
export interface Throttle {
  /** The migration that is under way. */
  migration: string;
  report(snapshot: LockWaitSnapshot): void;
}

const firstReportMs = 2000;
const rarestReportMs = 30_000;

/** Reports what is observed: at once when it changes, then less and less often, because a wait may last for hours. */
export function createThrottle(ports: Pick<RunnerPorts, 'clock' | 'emit'>): Throttle {
  const meter = createProgressMeter();
  const reported = { blocked: createRarely(), build: createRarely() };
  return {
    migration: '',
    report(snapshot) {
      const id = this.migration;
      const now = ports.clock();
      const { blockers, waitedMs, waiters, build } = snapshot;
      // Short waits are reported by their retries.
      const long = waitedMs > 2 * shortWaitMs;
      if (blockers.length > 0 && long && reported.blocked(now, blockers.map(({ pid }) => pid).join(' ')))
        ports.emit({ kind: 'lock.blocked', id, waitedMs: Math.round(waitedMs), blockers, waiters });
      if (build === undefined) return;
      const progress = meter.take(build, now);
      const { command, object, phase } = build;
      if (reported.build(now, `${command} ${object} ${phase}`))
        ports.emit({ kind: 'build.progress', id, command, object, phase, ...progress });
    },
  };
}

function createRarely(): (now: number, what: string) => boolean {
  let last: string | undefined;
  let next = 0;
  let every = firstReportMs;
  return (now, what) => {
    if (what === last && now < next) return false;
    every = what === last ? Math.min(every * 1.5, rarestReportMs) : firstReportMs;
    last = what;
    next = now + every;
    return true;
  };
}
