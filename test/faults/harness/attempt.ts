import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { resolve } from 'node:path';
import { nodeHashing } from '../../../src/adapters/files/hashing.ts';
import { createConnector } from '../../../src/adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../../../src/adapters/url/database-url.ts';
import { runnerClock } from '../../../src/adapters/runner-clock.ts';
import { createLineDecoder } from '../../../src/migrate/contract/event-lines.ts';
import type { RunEvent } from '../../../src/migrate/contract/event.ts';
import { perform } from '../../../src/migrate/runner/perform.ts';
import type { ApplyTask, Selection } from '../../../src/migrate/contract/task.ts';
import { createRunId } from '../../../src/project/run-id.ts';
import { must, type Workbench } from './workbench.ts';

/** How one attempt ended, as far as whoever started it can know. */
export interface Attempt {
  readonly run: string;
  /** `killed`: by a signal; `hung`: it was still going on after its limit, and was ended. */
  readonly exitCode: number | 'killed' | 'hung';
  readonly events: readonly RunEvent[];
  /** False: the lines are cut off, or what closes them contradicts the exit code. */
  readonly coherent: boolean;
}

/** A runner that is under way. */
export interface Going {
  readonly ended: Promise<Attempt>;
  /** Only a runner in a process of its own can be killed, frozen and woken. */
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
}

/** Starts an attempt on the database at this address. */
export type StartAttempt = (bench: Workbench, url: string) => Going;

const limitMs = 90_000;
const runner = resolve('dist/runner.cjs');
const program = resolve('dist/godwit.cjs');

const each: Selection = { direction: 'up', outOfOrder: false };
const all: Selection = { ...each, tx: 'all' };

/** The task of `godwit up`, as the project makes it. */
function upTask(selection: Selection): ApplyTask {
  return {
    kind: 'apply',
    command: 'up',
    run: createRunId(Date.now()),
    environment: { name: 'local', protected: false },
    actor: { by: 'harness@test', from: 'test', commit: '', tool: 'test' },
    selection,
    how: 'execute',
    consent: { approved: true, checkpointPolicy: 'never' },
    lose: 0,
    verification: { enabled: true, strict: false, triggers: 'fire' },
    waitMs: 60_000,
    onDisconnect: 'cancel',
    earlier: [],
  };
}

/** The runner in this process: for faults that end no process. */
export const startHere: StartAttempt = (bench, url) => startIn(bench, url, each);

/** The same, all migrations in one transaction. */
export const startTogetherHere: StartAttempt = (bench, url) => startIn(bench, url, all);

function startIn(bench: Workbench, url: string, selection: Selection): Going {
  const task = upTask(selection);
  const events: RunEvent[] = [];
  const controller = new AbortController();
  const address = must(readDatabaseUrl(url, 'the case', { user: 'postgres' })).address;
  const performed = perform(task, {
    connector: createConnector(address),
    bundle: bench.bundle,
    hashing: nodeHashing,
    emit: (event) => void events.push(event),
    ...runnerClock(controller.signal),
    signal: controller.signal,
  });
  const attempt = (exitCode: Attempt['exitCode']): Attempt => {
    const last = events.at(-1);
    const coherent = last?.kind === 'run.finished' && last.exitCode === exitCode && last.events === events.length;
    return { run: task.run, exitCode, events, coherent };
  };
  const late = sleep(limitMs, 'hung' as const, { ref: false });
  return {
    ended: Promise.race([performed, late]).then((exitCode) => {
      controller.abort();
      return attempt(exitCode);
    }),
    signal: (name) => {
      throw new Error(`${name}: this runner is no process of its own`);
    },
  };
}

/** The one-file runner as it is shipped, in a process of its own. */
export const startProcess: StartAttempt = (bench, url) => startApart(bench, url, each);

/** The same, all migrations in one transaction. */
export const startTogetherProcess: StartAttempt = (bench, url) => startApart(bench, url, all);

function startApart(bench: Workbench, url: string, selection: Selection): Going {
  const task = upTask(selection);
  const child = spawn(process.execPath, [runner, bench.runnerFolder(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: url },
  });
  return { ended: follow(child, task.run), signal: (name) => void child.kill(name) };
}

/** The command as it is shipped, in a project of its own for each database. */
export const startCommand: StartAttempt = (bench, url) => {
  const folder = bench.projectFor(new URL(url).pathname.slice(1));
  const child = spawn(process.execPath, [program, 'up', '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, DATABASE_URL: url },
  });
  const ended = outputOf(child).then(({ exitCode, lines }): Attempt => {
    const events = lines.flatMap(eventOf);
    const [first, last] = [events[0], events.at(-1)];
    const coherent = typeof exitCode !== 'number' || (last?.kind === 'run.finished' && last.exitCode === exitCode);
    return { run: first?.kind === 'run.started' ? first.run : '', exitCode, events, coherent };
  });
  return { ended, signal: (name) => void child.kill(name) };
};

/** A line that was cut off is none. */
function eventOf(line: string): readonly RunEvent[] {
  try {
    return [JSON.parse(line) as RunEvent];
  } catch {
    return [];
  }
}

async function follow(child: ChildProcess, run: string): Promise<Attempt> {
  const { exitCode, lines } = await outputOf(child);
  const decoder = createLineDecoder(run, nodeHashing);
  const events = lines.flatMap((line) => decoder.push(line));
  const last = events.at(-1);
  const coherent =
    typeof exitCode !== 'number' || (decoder.complete && last?.kind === 'run.finished' && last.exitCode === exitCode);
  return { run, exitCode, events, coherent };
}

/** Waits for the end of a process; one that does not end is killed. */
async function outputOf(
  child: ChildProcess,
): Promise<{ readonly exitCode: Attempt['exitCode']; readonly lines: readonly string[] }> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, limitMs);
  const exitCode = await new Promise<Attempt['exitCode']>((done) => {
    child.once('close', (code) => done(hung ? 'hung' : (code ?? 'killed')));
  });
  clearTimeout(timer);
  return { exitCode, lines: text.split('\n').filter((line) => line !== '') };
}
