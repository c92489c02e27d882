import type { Executor } from './executor.ts';
import { localCommand, startSpawned } from './spawned.ts';

/**
 * Runs tasks as plain processes of this machine. They inherit nothing but PATH: what the job does not say is not there.
 * There is no network of its own, so a network delay is honoured by starting the process later.
 *
 * @param env variables for every task, on top of the job's
 */
export function processExecutor(env: Readonly<Record<string, string>> = {}): Executor {
  return {
    kind: 'process',
    async start(task) {
      const [program = '', ...args] = localCommand(task);
      if (task.networkDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, task.networkDelayMs));
      const path = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: '/tmp' };
      return startSpawned(program, args, { env: { ...path, ...task.env, ...env }, onLine: task.onLine });
    },
  };
}
