import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants, tmpdir } from 'node:os';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Executor, RunningTask, TaskEnd, TaskStart } from './executor.ts';
import { endOf, familyOf, systemPath, taskNetwork } from './network.ts';
import { startSpawned } from './spawned.ts';

const execute = promisify(execFile);

/** Works without a daemon, with cgroups of either kind, and on any file system. */
const engine = ['--storage-driver=vfs', '--cgroup-manager=cgroupfs', '--runtime=runc', '--events-backend=none'];
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

/**
 * Runs tasks as containers of the image that the job names, pulled from its registry, inside a network namespace by its
 * path. Needs podman and runc, and root.
 *
 * @param storage a folder for images that outlives the emulator; a temporary one when left out
 */
export function podmanExecutor(network: string, storage?: string): Executor {
  const home = storage ?? mkdtempSync(join(tmpdir(), 'godwit-podman-'));
  const base = ['--root', join(home, 'storage'), '--runroot', join(home, 'run'), ...engine];
  const podman = (...args: readonly string[]) =>
    execute('podman', [...base, ...args], { env: { PATH: systemPath, HOME: home } });
  const pulled = new Map<string, Promise<unknown>>();
  const net = taskNetwork(network);
  return {
    kind: 'podman',
    async start(task) {
      const { reference } = task.image;
      let pull = pulled.get(reference);
      if (pull === undefined)
        pulled.set(reference, (pull = podman('pull', '--quiet', '--tls-verify=false', reference)));
      await pull;
      const name = `task-${randomUUID()}`;
      if (task.networkDelayMs > 0) await net.cutFor(task.networkDelayMs);
      const env = { PATH: systemPath, HOME: home, ...prefixed(task) };
      const args = [...base, 'run', ...containerArguments(task, name, network)];
      const client = startSpawned('podman', args, { env, onLine: task.onLine });
      const running = containerTask(
        client,
        (signal) => void podman('kill', '--signal', signal, name).catch(() => undefined),
      );
      const dropFlows = async (): Promise<void> => {
        const { stdout } = await podman('inspect', '--format', '{{.State.Pid}}', name);
        await net.dropFlows(familyOf(Number(stdout.trim())));
      };
      return { ...running, ended: endOf(running.ended, net), dropFlows };
    },
    async close() {
      await podman('rm', '--all', '--force').catch(() => undefined);
      if (storage === undefined) rmSync(home, { recursive: true, force: true });
    },
  };
}

/**
 * Values travel in podman's own environment, never in an argument; there, PATH and HOME are podman's, not the task's.
 */
const prefixed = (task: TaskStart): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(task.env).filter(([name]) => name !== 'PATH' && name !== 'HOME'));

function containerArguments(task: TaskStart, name: string, network: string): readonly string[] {
  const variables = Object.keys(prefixed(task)).flatMap((each) => ['--env', each]);
  const [entry, ...rest] = task.command;
  const entrypoint = entry === undefined ? [] : ['--entrypoint', entry];
  const place = ['--rm', '--name', name, `--network=ns:${network}`, '--log-driver=none', '--pull=never', ...limits];
  return [...place, ...variables, ...entrypoint, task.image.reference, ...rest, ...task.args];
}

/** The client ends with the container's exit code. 128 plus a number is a signal if we sent it. */
function containerTask(client: RunningTask, kill: (signal: string) => void): RunningTask {
  const sent = new Set<NodeJS.Signals>();
  const nameSignal = (end: TaskEnd): TaskEnd => {
    const signal = [...sent].find((each) => end.exitCode === 128 + constants.signals[each]);
    return signal === undefined ? end : { exitCode: 128, signal };
  };
  return {
    ended: client.ended.then(nameSignal),
    signal(signal) {
      sent.add(signal);
      kill(signal);
    },
  };
}
