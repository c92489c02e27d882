import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { SpawnEnd, Spawned, Spawner } from '../../migrate/contract/runner-ports.ts';
import { guardGroup } from './guard-group.ts';
import { signalGroup } from './process-group.ts';

/** Where commands are executed, and with which environment. */
export interface SpawnerOptions {
  readonly cwd: string;
  /** The environment that they inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The value of their DATABASE_URL. */
  readonly databaseUrl: string;
}

/** Variables meant for runners, and variables that would lead a libpq client to a database other than DATABASE_URL. */
const withheld =
  /^(GODWIT_(TASK|BUNDLE|BUNDLE_HASH|CONNECT_BUDGET|SERVER_CA|SECRET)|PG(HOST|HOSTADDR|PORT|DATABASE|USER|PASSWORD|SERVICE|OPTIONS|TARGETSESSIONATTRS))$/;

/**
 * Creates a spawner that starts commands as processes of this machine, each in its own process group, so that the whole
 * group can be ended.
 */
export function createSpawner(options: SpawnerOptions): Spawner {
  const inherited = Object.fromEntries(Object.entries(options.env).filter(([name]) => !withheld.test(name)));
  return {
    async start(command, variables, onOutput) {
      const [program = '', ...rest] = command;
      const child = spawn(program, rest, {
        cwd: options.cwd,
        env: { ...inherited, DATABASE_URL: options.databaseUrl, ...variables },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        shell: false,
      });
      const started = await waitForStart(child, program);
      if (!started.ok) return started;
      child.stdout.on('data', (bytes: Buffer) => onOutput('stdout', bytes));
      child.stderr.on('data', (bytes: Buffer) => onOutput('stderr', bytes));
      return ok(spawned(child, started.value));
    },
  };
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** The pid of the group, once the program has started. */
async function waitForStart(child: Child, program: string): Promise<Outcome<number>> {
  return await new Promise((resolve) => {
    child.once('spawn', () => resolve(ok(child.pid ?? 0)));
    child.once('error', (error: NodeJS.ErrnoException) => {
      const reason = reasons[error.code ?? ''] ?? error.message;
      resolve(err(fault('command-not-started', { why: `\`${program}\`: ${reason}` })));
    });
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program here.',
  EACCES: 'it is not a program, or it is not executable.',
  E2BIG: 'its arguments and its environment are too long for this system.',
};

function spawned(child: Child, group: number): Spawned {
  const dismiss = guardGroup(group);
  return {
    ended: waitForExit(child, group).finally(dismiss),
    end: (how) => signalGroup(group, how === 'ask' ? 'SIGTERM' : 'SIGKILL'),
  };
}

/**
 * How long processes that the command left behind may continue, and then how long they may take to end, in
 * milliseconds.
 */
const lingeringMs = 2_000;

async function waitForExit(child: Child, group: number): Promise<SpawnEnd> {
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  const [exitCode, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('exit', (code, name) => resolve([code, name]));
  });
  // Processes that inherited the pipes hold them open, and others may still work without them.
  let quiet = await settlesWithin(closed, lingeringMs);
  const alive = signalGroup(group, 'SIGTERM');
  if (!quiet || alive) {
    if (alive) {
      await settlesWithin(closed, lingeringMs);
      await endGroup(group);
    }
    await readWhatIsThere(child);
    quiet ||= await settlesWithin(closed, 0);
    child.stdout.destroy();
    child.stderr.destroy();
  }
  return { exitCode, signal: signal ?? '', left: !quiet || alive };
}

/**
 * Reads on until nothing more comes: on a machine without a free processor the wait may be over before what the command
 * wrote has been read.
 */
async function readWhatIsThere({ stdout, stderr }: Child): Promise<void> {
  const seen = { bytes: -1 };
  const count = ({ length }: Buffer): void => {
    seen.bytes += length;
  };
  for (const stream of [stdout, stderr]) stream.on('data', count);
  const until = performance.now() + lingeringMs;
  for (let before = -2; seen.bytes > before && performance.now() < until;) {
    before = seen.bytes;
    await nextTurn();
    await nextTurn();
  }
}

/** Waits for the group to end; kills it if it does not. */
async function endGroup(group: number): Promise<void> {
  for (let waited = 0; waited < lingeringMs && signalGroup(group, 0); waited += 50) await sleep(50);
  signalGroup(group, 'SIGKILL');
}

async function settlesWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  const over = new AbortController();
  const late = sleep(ms, false, { signal: over.signal }).catch(() => false);
  const settled = await Promise.race([promise.then(() => true), late]);
  over.abort();
  return settled;
}
