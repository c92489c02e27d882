import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A program that was started, and its output once it ends. */
export interface Running {
  readonly process: ChildProcess;
  /** The output so far. */
  said(): string;
  /** `shown` is what a person reads: standard error, then standard output. */
  readonly ended: Promise<{
    readonly exitCode: number | null;
    readonly out: string;
    readonly err: string;
    readonly shown: string;
  }>;
}

/** Godwit as shipped. */
export const shippedGodwit = fileURLToPath(new URL('../../dist/godwit.cjs', import.meta.url));

/** Starts a program in a given environment. */
export function startProgram(
  [program, ...args]: readonly string[],
  { cwd = '/', env = {} }: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Running {
  const path = `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`;
  const child = spawn(program ?? '', args, {
    cwd,
    env: { PATH: path, HOME: cwd, USER: 'tester', NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(([code]) => ({
    exitCode: code as number | null,
    out,
    err,
    shown: err + out,
  }));
  return { process: child, said: () => out + err, ended };
}
