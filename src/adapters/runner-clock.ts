import { setTimeout as sleep } from 'node:timers/promises';
import type { RunnerPorts } from '../migrate/contract/runner-ports.ts';

/** Time and randomness for a runner in this process. */
export function runnerClock(signal: AbortSignal): Pick<RunnerPorts, 'clock' | 'now' | 'random' | 'sleep' | 'timer'> {
  return {
    clock: () => performance.now(),
    now: () => new Date().toISOString(),
    random: () => Math.random(),
    sleep: (ms) => sleep(ms, undefined, { signal }).catch(() => {}),
    timer: (ms, then) => {
      const timer = setTimeout(then, ms);
      return () => clearTimeout(timer);
    },
  };
}
