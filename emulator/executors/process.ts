import { setTimeout as sleep } from 'node:timers/promises';
import type { Executor } from './executor.ts';
import { lateNetwork } from './late-network.ts';
import { baseEnvironment, localCommand, startSpawned } from './spawned.ts';

/**
 * Runs tasks as plain processes of this machine. They inherit only PATH; everything else must come from the job. A
 * network delay makes connections of a Node program fail until it is over; other programs start late instead.
 *
 * @param env variables for every task, in addition to the job's
 */
export function processExecutor(env: Readonly<Record<string, string>> = {}): Executor {
  return {
    kind: 'process',
    async start(task) {
      const [program = '', ...args] = localCommand(task);
      const delay = task.networkDelayMs;
      const node = program === process.execPath;
      if (delay > 0 && !node) await sleep(delay);
      const late = delay > 0 && node ? ['--import', lateNetwork(delay)] : [];
      return startSpawned(program, [...late, ...args], { ...task, env: { ...baseEnvironment(), ...task.env, ...env } });
    },
    close: () => Promise.resolve(),
  };
}
