import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { createProgressMeter } from './progress.ts';
import type { Sight } from './lock-wait-snapshot.ts';
import { shortWaitMs } from '../../contract/lock-policy.ts';

/** Tells about waits and long builds. */
export interface Teller {
  /** The migration that is under way. */
  migration: string;
  tell(sight: Sight): void;
}

const firstTellMs = 2000;
const rarestTellMs = 30_000;

/** Tells what is seen: at once when it changes, then more and more rarely, because a wait may last for hours. */
export function createTeller(ports: Pick<RunnerPorts, 'clock' | 'emit'>): Teller {
  const meter = createProgressMeter();
  const told = { blocked: createRarely(), build: createRarely() };
  return {
    migration: '',
    tell(sight) {
      const id = this.migration;
      const now = ports.clock();
      const { blockers, waitedMs, waiters, build } = sight;
      // Short waits are told by their retries.
      const long = waitedMs > 2 * shortWaitMs;
      if (blockers.length > 0 && long && told.blocked(now, blockers.map(({ pid }) => pid).join(' ')))
        ports.emit({ kind: 'lock.blocked', id, waitedMs: Math.round(waitedMs), blockers, waiters });
      if (build === undefined) return;
      const progress = meter.take(build, now);
      const { command, object, phase } = build;
      if (told.build(now, `${command} ${object} ${phase}`))
        ports.emit({ kind: 'build.progress', id, command, object, phase, ...progress });
    },
  };
}

function createRarely(): (now: number, what: string) => boolean {
  let last: string | undefined;
  let next = 0;
  let every = firstTellMs;
  return (now, what) => {
    if (what === last && now < next) return false;
    every = what === last ? Math.min(every * 1.5, rarestTellMs) : firstTellMs;
    last = what;
    next = now + every;
    return true;
  };
}
