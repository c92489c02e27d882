import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Checkpoint, Checkpointer, CheckpointRequest } from '../../migrate/contract/checkpoint.ts';
import { backendBehind, nobody } from '../../migrate/runner/session/backend.ts';
import { createConnector } from '../postgres/connector.ts';
import type { DatabaseAddress } from '../postgres/address.ts';
import { keep, mostKept, openDraft } from './kept.ts';
import { libpqSettings } from './libpq-settings.ts';
import { findDumpTools, plainEnv, type DumpTools, type NoTools } from './postgres-tools.ts';
import { shellWord } from './shell-word.ts';

/** Which database to dump, and where to. */
export interface DumpOptions {
  readonly address: DatabaseAddress;
  /** `.godwit/checkpoints` */
  readonly folder: string;
  readonly environment: string;
  /** Where to look for the programs: PATH, GODWIT_PG_BIN. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Hides secrets in the output of the programs. */
  redact(text: string): string;
}

const fileName = 'database.dump';

/** Creates checkpoints of a database that this machine reaches, as dumps by PostgreSQL's own programs. */
export function createDumper(options: DumpOptions): Checkpointer {
  return {
    async foresee() {
      // The server's version is only known once it is asked; at this point any pg_dump will do.
      const tools = await findDumpTools(0, options.env);
      return 'dump' in tools
        ? { means: 'dump', text: `a dump of the database by pg_dump ${tools.major}` }
        : { means: 'none', text: `godwit cannot take one: ${noTools(tools, 0)}` };
    },
    take: (request) => take(options, request),
  };
}

async function take(options: DumpOptions, request: CheckpointRequest): Promise<Outcome<Checkpoint>> {
  // `PostgreSQL 17.6`. A version that cannot be read becomes 0, and pg_dump judges it.
  const major = Number(/\d+/.exec(request.server)?.[0] ?? 0);
  const tools = await findDumpTools(major, options.env);
  if (!('dump' in tools)) return err(needsTools(tools, major));
  if (/[\r\n]/.test(options.address.password ?? ''))
    return err(
      fault('checkpoint-failed', { why: 'The password contains a line break, which a password file cannot hold.' }),
    );
  if (await leadsThroughPooler(options.address, request.signal)) return err(needsDirectWay());
  const draft = await openDraft(options.folder, request.run);
  try {
    const checkpoint = await dump(options, request, { tools, draft });
    if (checkpoint.ok) await keep(options.folder, draft, { ...checkpoint.value, environment: options.environment });
    return checkpoint;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** pg_dump sets session settings; behind a pooler these would remain on the application's connections. */
async function leadsThroughPooler(address: DatabaseAddress, signal?: AbortSignal): Promise<boolean> {
  const session = await createConnector(address).open({
    pipelined: false,
    applicationName: 'godwit checkpoint',
    settings: {},
    ...(signal === undefined ? {} : { signal }),
  });
  // What prevents this connection also prevents pg_dump's, and pg_dump will report it.
  if (!session.ok) return false;
  try {
    const backend = await backendBehind(session.value);
    return backend.ok && backend.value === nobody;
  } finally {
    await session.value.close();
  }
}

function needsDirectWay(): ReturnType<typeof fault> {
  const why =
    'A checkpoint of this database would be a dump, but the connection leads through a pooler: pg_dump’s session settings would remain on connections that others use.';
  const fix =
    'Name the server’s own address as `directUrl` in the configuration. Or take a backup yourself and run again with `--waive-checkpoint "REASON"`, which is recorded, or set the policy to `"checkpoint": "never"`.';
  return fault('needs-checkpoint', { why, fix });
}

function needsTools(tools: NoTools, major: number): ReturnType<typeof fault> {
  const why = `A checkpoint of this database would be a dump, but ${noTools(tools, major)}.`;
  const install = `Install PostgreSQL’s client programs, version ${major} or newer (Debian, Ubuntu: postgresql-client-${major}; macOS: brew install libpq)`;
  const fix = `${install}. Or take a backup yourself and run again with \`--waive-checkpoint "REASON"\`, which is recorded, or set the policy to \`"checkpoint": "never"\`.`;
  return fault('needs-checkpoint', { why, fix });
}

function noTools({ older }: NoTools, major: number): string {
  return older.length === 0
    ? 'pg_dump is not on this machine'
    : `pg_dump ${older.join(', ')} on this machine is older than the server (${major})`;
}

interface Dumping {
  readonly tools: DumpTools;
  readonly draft: string;
}

async function dump(
  options: DumpOptions,
  request: CheckpointRequest,
  { tools, draft }: Dumping,
): Promise<Outcome<Checkpoint>> {
  const { address, folder } = options;
  const file = join(draft, fileName);
  // pg_dump keeps the mode of an existing file.
  await (await open(file, 'wx', 0o600)).close();
  const secrets = join(draft, 'connection');
  await mkdir(secrets, { mode: 0o700 });
  const { variables } = await libpqSettings(address, secrets);
  const takenAt = new Date().toISOString();
  const reporting = setInterval(() => {
    void stat(file).then(
      ({ size }) => request.onProgress(`pg_dump has written ${Math.round(size / 1e5) / 10} MB`),
      () => {},
    );
  }, 1_000);
  request.onProgress(`pg_dump ${tools.major} begins`);
  const ended = await run(
    { program: tools.dump, variables, ...(request.signal === undefined ? {} : { signal: request.signal }) },
    ['--format=custom', '--no-password', '--lock-wait-timeout=60s', `--file=${file}`],
  ).finally(() => clearInterval(reporting));
  await rm(secrets, { recursive: true, force: true });
  if (request.signal?.aborted === true)
    return err(fault('interrupted', { why: 'The checkpoint was not finished; nothing was changed.' }));
  if (!ended.ok) return err(fault('checkpoint-failed', { why: `pg_dump: ${options.redact(ended.output)}` }));
  await chmod(file, 0o600);
  request.onProgress('reading the dump back');
  const list = await run({ program: tools.restore, variables: {} }, ['--list', file]);
  if (!list.ok)
    return err(
      fault('checkpoint-failed', { why: `pg_restore cannot read the dump back: ${options.redact(list.output)}` }),
    );
  const { size } = await stat(file);
  const sha256 = await digestOf(file);
  return ok({
    kind: 'taken',
    means: 'dump',
    id: request.run,
    restore: restoreCommand(tools, address, join(folder, request.run, fileName)),
    undoes: `every write since to database ${address.database}, which is dropped and recreated; other databases are not touched`,
    takenAt,
    kept: `until there are ${mostKept} newer ones`,
    bytes: size,
    sha256,
  });
}

/** Drops the database and creates it again, over the maintenance database; nobody else may be connected. */
function restoreCommand(tools: DumpTools, address: DatabaseAddress, file: string): string {
  const { host, port, user } = address;
  const command = [
    tools.restore,
    `--host=${host}`,
    `--port=${port}`,
    `--username=${user}`,
    '--dbname=postgres',
    '--clean',
    '--if-exists',
    '--create',
    '--exit-on-error',
    file,
  ];
  return command.map(shellWord).join(' ');
}

interface Program {
  readonly program: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Runs a program in its own session, so that Ctrl-C at the terminal reaches only godwit, which decides what to do. */
function run(
  { program, variables, signal }: Program,
  args: readonly string[],
): Promise<{ readonly ok: boolean; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env: { ...plainEnv(program), ...variables },
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4_000);
    });
    const stop = (): void => void child.kill('SIGINT');
    signal?.addEventListener('abort', stop);
    if (signal?.aborted === true) stop();
    const end = (ok: boolean, text: string): void => {
      signal?.removeEventListener('abort', stop);
      resolve({ ok, output: text.trim() });
    };
    child.once('error', (error) => end(false, error.message));
    child.once('close', (code, killed) => end(code === 0, output === '' ? `it ended with ${code ?? killed}` : output));
  });
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
