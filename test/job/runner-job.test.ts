import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { carryBundle } from '../../src/adapters/bundle/carry-bundle.ts';
import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import { createLineDecoder } from '../../src/migrate/contract/event-lines.ts';
import type { RunEvent } from '../../src/migrate/contract/event.ts';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const run = '01TESTJOB00000000000000001';
const task = applyTask({ run });
const pack = (value: unknown): string => brotliCompressSync(Buffer.from(JSON.stringify(value))).toString('base64');

async function carried(folder: string): Promise<Record<string, string>> {
  const bundle = await bundleIn(folder);
  const value = await carryBundle(bundle);
  if (!value.ok || value.value.kind !== 'variable') throw new Error('it does not fit');
  return { GODWIT_TASK: pack(task), GODWIT_BUNDLE: value.value.value, GODWIT_BUNDLE_HASH: bundle.hash };
}

interface Told {
  readonly exitCode: number | null;
  readonly events: readonly RunEvent[];
  readonly complete: boolean;
  readonly text: string;
}

/** Runs the runner as a job does: nothing but its variables. */
function job(env: Record<string, string>, kill?: NodeJS.Signals): Promise<Told> {
  const child = spawn(process.execPath, [resolve('dist/runner.cjs'), 'job'], { cwd: '/', env });
  let text = '';
  child.stderr.on('data', (data: Buffer) => (text += data.toString()));
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString();
    // Once: a second signal ends it without a word.
    if (kill !== undefined && !child.killed && text.includes('connecting')) child.kill(kill);
  });
  return new Promise((done) => {
    child.on('close', (exitCode) => {
      const decoder = createLineDecoder(run, nodeHashing);
      const events = text.split('\n').flatMap((line) => decoder.push(line));
      done({ exitCode, events, complete: decoder.complete, text });
    });
  });
}

const files = { 'migrations/1_users.sql': 'create table users (id bigint primary key);' };

function codesOf({ events }: Told): readonly string[] {
  return events.flatMap((event) => (event.kind === 'finding' ? [event.finding.code] : []));
}

test('a job performs its task with what its variables hold', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files);
  const told = await job({ ...(await carried(project.folder)), DATABASE_URL: database.url });
  expect(told).toMatchObject({ exitCode: 0, complete: true });
  expect(await database.query('select count(*)::int as n from users')).toEqual([{ n: 0 }]);
  expect(told.text).not.toContain(database.url);
});

test('a task that the platform starts again is refused (`job-repeated`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files);
  const variables = await carried(project.folder);
  const told = await job({ ...variables, DATABASE_URL: database.url, CLOUD_RUN_TASK_ATTEMPT: '1' });
  expect(told).toMatchObject({ exitCode: 42, complete: true });
  expect(codesOf(told)).toEqual(['job-repeated']);
  expect(await database.query("select to_regclass('users') is null as absent")).toEqual([{ absent: true }]);
});

test('a bundle that is not the one the job was started for is refused (`bundle-damaged`)', async () => {
  using project = createProject(files);
  const variables = await carried(project.folder);
  const env = { ...variables, GODWIT_BUNDLE_HASH: 'f'.repeat(64), DATABASE_URL: 'postgresql://u:p@127.0.0.1/d' };
  const told = await job(env);
  expect(codesOf(told)).toEqual(['bundle-damaged']);
  expect(told.exitCode).not.toBe(0);
  const none = await job({ ...variables, GODWIT_BUNDLE: '', DATABASE_URL: 'postgresql://u:p@127.0.0.1/d' });
  expect(codesOf(none)).toEqual(['bundle-damaged']);
});

test('the socket of the Cloud SQL proxy is named as what it is, with the address to write', async () => {
  using project = createProject(files);
  const url = 'postgresql://app:S3cret%21word@/app?host=/cloudsql/p:r:i';
  const told = await job({ ...(await carried(project.folder)), DATABASE_URL: url });
  expect(told).toMatchObject({ exitCode: 2, complete: true });
  const finding = told.events.find((event) => event.kind === 'finding');
  expect(finding).toMatchObject({ finding: { code: 'url-socket' } });
  expect(JSON.stringify(finding)).toContain('gcloud sql instances describe');
  expect(told.text).not.toContain('S3cret');
});

test('F05, F12: a job tells of its secret at once: a file that it cannot have, itself as host, what has no effect (`url-parameter`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files);
  const variables = { ...(await carried(project.folder)), GODWIT_SECRET: 'database-url-dev, version 9' };
  const ended = async (url: string): Promise<unknown> => {
    const told = await job({ ...variables, DATABASE_URL: url });
    expect(told.text).not.toContain('S3cret');
    expect(told.events.filter((event) => event.kind === 'connecting')).toEqual([]);
    return [told.exitCode, ...codesOf(told)];
  };
  const far = 'postgresql://app:S3cret-word@192.0.2.1/app';
  expect(await ended(`${far}?sslmode=verify-ca&sslrootcert=/secrets/server-ca.pem`)).toEqual([2, 'url-certificate']);
  expect(await ended(`${far}?role=owner`)).toEqual([2, 'url-parameter-refused']);
  expect(await ended('postgresql://app:S3cret-word@127.0.0.1:9/app')).toEqual([2, 'url-localhost']);
  const query = database.url.includes('?') ? '&' : '?';
  expect(await ended(`${database.url}${query}pgbouncer=true`)).toEqual([0, 'url-parameter']);
});

test('a network that comes up late is waited for', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files);
  const url = new URL(database.url);
  const { connect } = await import('node:net');
  // Nothing listens there for the first second and a half.
  const late = createServer((socket) => {
    const server = connect(Number(url.port), url.hostname);
    socket.pipe(server).pipe(socket);
    for (const side of [socket, server]) side.on('error', () => void [socket.destroy(), server.destroy()]);
  });
  await new Promise<void>((done) => late.listen(0, '127.0.0.1', done));
  const { port } = late.address() as AddressInfo;
  await new Promise((done) => late.close(done));
  const told = job({
    ...(await carried(project.folder)),
    DATABASE_URL: `postgresql://${url.username}:${url.password}@127.0.0.1:${port}${url.pathname}`,
  });
  setTimeout(() => late.listen(port, '127.0.0.1'), 1_500);
  const { exitCode, events, complete } = await told;
  late.close();
  expect({ exitCode, complete }).toEqual({ exitCode: 0, complete: true });
  const tries = events.filter((event) => event.kind === 'connecting');
  expect(tries.length).toBeGreaterThan(0);
  expect(tries[0]).toMatchObject({ attempt: 1, budgetMs: 120_000 });
});

test('what is not to be reached ends with 30 and what to check', async () => {
  using project = createProject(files);
  const variables = await carried(project.folder);
  const url = 'postgresql://app:S3cret-word@127.0.0.1:9/app';
  const told = await job({ ...variables, DATABASE_URL: url, GODWIT_CONNECT_BUDGET: '2s' });
  expect(told).toMatchObject({ exitCode: 30, complete: true });
  expect(codesOf(told)).toEqual(['connection-refused']);
  expect(told.text).not.toContain('S3cret');
});

test('a job that is told to stop while it connects stops', async () => {
  using project = createProject(files);
  const variables = await carried(project.folder);
  const told = await job({ ...variables, DATABASE_URL: 'postgresql://a:b@127.0.0.1:9/app' }, 'SIGTERM');
  expect(told).toMatchObject({ exitCode: 130, complete: true });
});

test('a runner that is given nothing says so and does nothing', async () => {
  const told = await job({ GODWIT_TASK: 'nonsense' });
  expect(told.exitCode).toBe(2);
  expect(told.events).toEqual([]);
});
