import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LedgerEntry } from '../../src/migrate/contract/engine.ts';
import type { RunEvent } from '../../src/migrate/contract/event.ts';
import { runHere } from './project.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What the built program printed and how it ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
  /** What a person reads: standard error, then standard output. */
  readonly shown: string;
  /** With `--json`: each line of standard output. */
  readonly json: readonly (RunEvent & Record<string, unknown>)[];
  /** One member of the document that `--json` prints. */
  part(name: string): unknown;
}

/** A running program. */
export interface AtWork {
  readonly process: ChildProcess;
  /** What it has written on standard error so far. */
  readonly err: () => string;
  readonly ended: Promise<Ended>;
}

/** Somebody's machine: a clone of a project, with the built program and no route to any database. */
export interface Machine extends Disposable {
  readonly folder: string;
  /** Runs `godwit` as a user would, in this process: starting one takes longer than most commands. */
  run(...argv: readonly string[]): Promise<Ended>;
  /** Starts the built program. */
  start(...argv: readonly string[]): AtWork;
  write(path: string, text: string): void;
  /** Another machine with the same project, fresh from version control, so without `.godwit`. */
  clone(name?: string): Machine;
  /** The ledger's files on this machine, newest first. */
  ledger(): readonly LedgerEntry[];
}

/**
 * Makes a machine on which a project was cloned.
 *
 * @param files of the project
 * @param env the user's environment variables; those of this process are not inherited
 */
export function createMachine(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
  name = 'ann',
): Machine {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-machine-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  const variables = {
    PATH: process.env['PATH'] ?? '',
    HOME: join(folder, 'home'),
    TMPDIR: tmpdir(),
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: name,
    METADATA_SERVER_DETECTION: 'none',
    ...env,
  };
  mkdirSync(variables.HOME, { recursive: true });
  const start = (...argv: readonly string[]): AtWork => spawnTool(folder, variables, argv);
  const runs = join(folder, '.godwit', 'runs');
  return {
    folder,
    write,
    start,
    run: async (...argv) => endedOf(await runHere(folder, variables, argv), argv),
    clone(other = 'bob') {
      const machine = createMachine({}, env, other);
      const skipped = [join(folder, '.godwit'), join(folder, 'home')];
      cpSync(folder, machine.folder, { recursive: true, filter: (path) => !skipped.includes(path) });
      return machine;
    },
    ledger: () =>
      readdirSync(runs)
        .filter((file) => file.endsWith('.json'))
        .sort()
        .reverse()
        .map((file) => JSON.parse(readFileSync(join(runs, file), 'utf8')) as LedgerEntry),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function spawnTool(cwd: string, env: Readonly<Record<string, string>>, argv: readonly string[]): AtWork {
  const child = spawn(process.execPath, [join(root, 'dist', 'godwit.cjs'), ...argv], {
    cwd,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (part: Buffer) => (out += part.toString('utf8')));
  child.stderr.on('data', (part: Buffer) => (err += part.toString('utf8')));
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (exitCode) => resolve(endedOf({ exitCode, out, err, shown: err + out }, argv)));
  });
  return { process: child, err: () => err, ended };
}

function endedOf(ran: Omit<Ended, 'json' | 'part'>, argv: readonly string[]): Ended {
  const { exitCode, out, err, shown } = ran;
  const lines = argv.includes('--json') ? out.split('\n').filter((line) => line !== '') : [];
  const json = lines.map((line) => JSON.parse(line) as Ended['json'][number]);
  const part = (name: string): unknown => {
    const [document] = json;
    if (document === undefined || !(name in document)) throw new Error(`no ${name} in ${out}${err}`);
    return document[name];
  };
  return { exitCode, out, err, shown, json, part };
}
