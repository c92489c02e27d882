import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { Engine, ExecutionResult, Prepared, RunRef } from '../../../migrate/contract/engine.ts';
import { createLineDecoder } from '../../../migrate/contract/event-lines.ts';
import type { RunEvent } from '../../../migrate/contract/event.ts';
import type { Bundle, Hashing } from '../../../migrate/contract/ports.ts';
import type { Task } from '../../../migrate/contract/task.ts';
import { writeBundleFolder } from '../../bundle/bundle-folder.ts';
import type { SpawnerOptions } from '../../exec/spawner.ts';
import { isAlive as isThere, processStart, type ProcessIdentity } from '../../embedded/process-identity.ts';

/** What the engine needs to start separate runners. */
export interface ChildProcessEngineOptions {
  /** The folder in which each run gets its own folder: `.godwit/runs`. */
  readonly runsFolder: string;
  /** Path of the one-file runner. */
  readonly runner: string;
  /** The database URL; passed in the environment, never as an argument or in a file. */
  readonly databaseUrl: string;
  readonly hashing: Hashing;
  /** Where commands are executed, and with which environment; absent: as in this process. */
  readonly commands?: SpawnerOptions;
}

/** Slower where querying a process means running another program. */
const pollMs = process.platform === 'linux' ? 40 : 200;

/**
 * Creates the engine that performs tasks in a separate process, which continues when the terminal is closed. It uses
 * the same runner file, bundle and event lines as a remote job.
 */
export function createChildProcessEngine(options: ChildProcessEngineOptions): Engine {
  return {
    name: 'local-process',
    prepare: (task, bundle) => prepare(options, task, bundle),
    start: (prepared) => Promise.resolve(start(options, prepared)),
    watch: (ref, leave) => watchLines(options, ref, leave),
    result: (ref) => resultOf(options, ref),
    cancel: (ref) => Promise.resolve(ok(signalRunner(ref))),
    attach: (run) => Promise.resolve(attach(options, run)),
    cleanup: (ref) => {
      rmSync(ref.location, { recursive: true, force: true });
      return Promise.resolve(ok(undefined));
    },
    sweep: () => Promise.resolve(sweep(options)),
  };
}

async function prepare(options: ChildProcessEngineOptions, task: Task, bundle: Bundle): Promise<Outcome<Prepared>> {
  const location = join(options.runsFolder, task.run);
  mkdirSync(location, { recursive: true, mode: 0o700 });
  const written = await writeBundleFolder(bundle, join(location, 'bundle'));
  if (!written.ok) {
    rmSync(location, { recursive: true, force: true });
    return written;
  }
  writeFileSync(join(location, 'task.json'), JSON.stringify(task));
  return ok({ task, bundle, location });
}

function start(options: ChildProcessEngineOptions, prepared: Prepared): Outcome<RunRef> {
  const { location, task } = prepared;
  const lines = openSync(eventsFile(location), 'w', 0o600);
  const log = openSync(join(location, 'runner.log'), 'w', 0o600);
  try {
    const child = spawn(process.execPath, [options.runner, location], {
      detached: true,
      stdio: ['ignore', lines, log],
      ...(task.kind === 'exec' && options.commands !== undefined ? { cwd: options.commands.cwd } : {}),
      env: environmentFor(task, options),
    });
    child.unref();
    // Told below, by the pid that is missing: without a listener it would end this process.
    child.on('error', () => undefined);
    if (child.pid === undefined)
      return err(fault('runner-not-started', { why: `${options.runner} could not be started.` }));
    writeFileSync(join(location, 'pid'), `${child.pid} ${processStart(child.pid) ?? ''}`);
    return ok({ run: task.run, engine: 'local-process', location });
  } finally {
    closeSync(lines);
    closeSync(log);
  }
}

/**
 * The variables that a runner inherits: where programs, temporary files and certificates are, and Node's options.
 * Everything about the database address, TLS included, is in the URL; the runner does not get other secrets of this
 * process. A user's own command gets everything that it would get without godwit.
 */
const inherited = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_ALL',
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

function environmentFor(task: Task, { commands, databaseUrl }: ChildProcessEngineOptions): NodeJS.ProcessEnv {
  return task.kind === 'exec' && commands !== undefined
    ? { ...commands.env, DATABASE_URL: commands.databaseUrl }
    : { ...environmentOf(process.env), DATABASE_URL: databaseUrl };
}

function environmentOf(all: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(inherited.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
}

async function* watchLines(
  options: ChildProcessEngineOptions,
  ref: RunRef,
  leave: AbortSignal | undefined,
): AsyncGenerator<RunEvent> {
  const decoder = createLineDecoder(ref.run, options.hashing);
  const tail = createTail(eventsFile(ref.location));
  for (;;) {
    // Checked before reading, so that this turn reads whatever a runner wrote before it ended.
    const alive = isAlive(ref);
    for (const line of tail.read()) {
      for (const event of decoder.push(line)) {
        yield event;
        if (event.kind === 'run.finished') return;
      }
    }
    if (!alive || leave?.aborted === true) return;
    await sleep(pollMs);
  }
}

async function resultOf(options: ChildProcessEngineOptions, ref: RunRef): Promise<ExecutionResult> {
  const decoder = createLineDecoder(ref.run, options.hashing);
  let exitCode = 42;
  for (const line of createTail(eventsFile(ref.location)).read())
    for (const event of decoder.push(line)) if (event.kind === 'run.finished') exitCode = event.exitCode;
  return Promise.resolve({ exitCode: decoder.complete ? exitCode : 42, complete: decoder.complete });
}

/** Reads what was appended to a file since the last call, in whole lines. */
function createTail(path: string): { read(): readonly string[] } {
  let at = 0;
  let rest = '';
  const decoder = new TextDecoder();
  return {
    read() {
      if (!existsSync(path)) return [];
      const size = statSync(path).size;
      if (size <= at) return [];
      const bytes = Buffer.alloc(size - at);
      const descriptor = openSync(path, 'r');
      const count = readSync(descriptor, bytes, 0, bytes.length, at);
      closeSync(descriptor);
      at += count;
      const lines = (rest + decoder.decode(bytes.subarray(0, count), { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      return lines;
    },
  };
}

function attach(options: ChildProcessEngineOptions, run: string): Outcome<RunRef> {
  const names = existsSync(options.runsFolder) ? readdirSync(options.runsFolder) : [];
  const found = names.filter((name) => name.startsWith(run) && existsSync(eventsFile(join(options.runsFolder, name))));
  const [name] = found;
  if (name === undefined || found.length > 1)
    return err(fault('unknown-run', { why: `${found.length} detached runs of this project begin with "${run}".` }));
  return ok({ run: name, engine: 'local-process', location: join(options.runsFolder, name) });
}

/** SIGTERM asks the runner to stop at the next safe point. */
function signalRunner(ref: RunRef): boolean {
  const runner = runnerOf(ref.location);
  if (runner === undefined || !isThere(runner)) return false;
  process.kill(runner.pid, 'SIGTERM');
  return true;
}

function isAlive(ref: RunRef): boolean {
  const runner = runnerOf(ref.location);
  return runner !== undefined && isThere(runner);
}

/**
 * Identifies the runner by pid and start time: pids are reused, and an unrelated process must be neither followed nor
 * stopped.
 */
function runnerOf(location: string): ProcessIdentity | undefined {
  const path = join(location, 'pid');
  if (!existsSync(path)) return undefined;
  const [, pid = '', start = ''] = /^(\d+) (.*)$/s.exec(readFileSync(path, 'utf8')) ?? [];
  return pid === '' ? undefined : { pid: Number(pid), start };
}

function sweep(options: ChildProcessEngineOptions): readonly string[] {
  const names = existsSync(options.runsFolder) ? readdirSync(options.runsFolder) : [];
  const ended = names.filter((name) => {
    const location = join(options.runsFolder, name);
    return existsSync(eventsFile(location)) && !isAlive({ run: name, engine: 'local-process', location });
  });
  for (const name of ended) rmSync(join(options.runsFolder, name, 'bundle'), { recursive: true, force: true });
  return ended;
}

function eventsFile(location: string): string {
  return join(location, 'events.ndjson');
}
