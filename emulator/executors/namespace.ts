import type { Executor } from './executor.ts';
import { localCommand, startSpawned } from './spawned.ts';

/**
 * Runs tasks as processes inside a network namespace, given by the path of its file: `/proc/PID/ns/net`, or
 * `/run/netns/NAME`.
 * A network delay is honoured by starting the process later: the namespace is shared, and cannot come up for one task.
 */
export function namespaceExecutor(path: string, env: Readonly<Record<string, string>> = {}): Executor {
  return {
    kind: 'namespace',
    async start(task) {
      if (task.networkDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, task.networkDelayMs));
      const inherited = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: '/tmp' };
      const command = [`--net=${path}`, '--', ...localCommand(task)];
      return startSpawned('nsenter', command, { env: { ...inherited, ...task.env, ...env }, onLine: task.onLine });
    },
  };
}
