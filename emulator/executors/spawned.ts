import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { RunningTask, TaskEnd, TaskStart } from './executor.ts';

/** Starts a program in its own process group and passes on its lines. */
export function startSpawned(
  program: string,
  args: readonly string[],
  task: Pick<TaskStart, 'env' | 'onLine'>,
): RunningTask {
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...task.env } });
  const lines = (['stdout', 'stderr'] as const).map(
    (stream) =>
      new Promise<void>((resolve) => {
        const reader = createInterface({ input: child[stream], crlfDelay: Infinity });
        reader.on('line', (line) => task.onLine(stream, line));
        reader.on('close', resolve);
      }),
  );
  const ended = new Promise<TaskEnd>((resolve) => {
    child.once('error', (error) => {
      task.onLine('stderr', `${program}: ${error.message}`);
      resolve({ exitCode: 127 });
    });
    child.once('close', (code, signal) =>
      resolve(signal === null ? { exitCode: code ?? 1 } : { exitCode: 128, signal }),
    );
  });
  return {
    pid: child.pid,
    ended: Promise.all([ended, ...lines]).then(([end]) => end),
    signal(signal) {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    },
  };
}

/**
 * The command of a task on this machine: `node` becomes this process's own Node, and `/godwit/` the folder that
 * represents it.
 */
export function localCommand(task: TaskStart): readonly string[] {
  const entry = task.command.length > 0 ? task.command : (task.image.entrypoint ?? []);
  const args = task.args.length > 0 || task.command.length > 0 ? task.args : (task.image.command ?? []);
  const [program = 'false', ...rest] = [...entry, ...args];
  const { folder } = task.image;
  const place = (text: string): string =>
    folder !== undefined && text.startsWith('/godwit/') ? `${folder}/${text.slice('/godwit/'.length)}` : text;
  const node = /(^|\/)node$/.test(program);
  return [node ? process.execPath : place(program), ...rest.map(place)];
}

/** The environment of a task apart from the job's variables: from this process, only where programs are. */
export function baseEnvironment(): Readonly<Record<string, string>> {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: '/tmp' };
}
