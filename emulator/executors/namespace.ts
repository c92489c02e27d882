import type { Executor } from './executor.ts';
import { endOf, familyOf, taskNetwork } from './network.ts';
import { baseEnvironment, localCommand, startSpawned } from './spawned.ts';

/**
 * Runs tasks as processes inside a network namespace, given by the path of its file: `/proc/PID/ns/net`. A network delay
 * keeps the links of that namespace down, for all tasks in it.
 */
export function namespaceExecutor(path: string, env: Readonly<Record<string, string>> = {}): Executor {
  const network = taskNetwork(path);
  return {
    kind: 'namespace',
    async start(task) {
      if (task.networkDelayMs > 0) await network.cutFor(task.networkDelayMs);
      const command = [`--net=${path}`, '--', ...localCommand(task)];
      const running = startSpawned('nsenter', command, { ...task, env: { ...baseEnvironment(), ...task.env, ...env } });
      return {
        ...running,
        ended: endOf(running.ended, network),
        dropFlows: () => network.dropFlows(familyOf(running.pid ?? 0)),
      };
    },
    close: () => Promise.resolve(),
  };
}
