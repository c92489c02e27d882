import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Client } from 'pg';
import { afterAll, expect, test } from 'vitest';

import { majors } from '../support/database.ts';
import { startChild, until } from '../support/child.ts';
import { dataFolder } from '../support/folder.ts';
import { cacheFolder } from '../../src/adapters/embedded/account.ts';
import { inspectEmbedded, stopEmbedded } from '../../src/adapters/embedded/control.ts';
import { processStart } from '../../src/adapters/embedded/process-identity.ts';
import { startEmbedded, type EmbeddedOptions, type EmbeddedServer } from '../../src/adapters/embedded/server.ts';

const major = majors.at(-1)!;
const folders: string[] = [];
const isRoot = process.getuid?.() === 0;

function newFolder(): string {
  const folder = dataFolder('server');
  folders.push(folder);
  return join(folder, 'postgres');
}

async function start(dataDir: string, options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedServer> {
  const started = await startEmbedded({ dataDir, major, ...options });
  if (!started.ok) throw new Error(JSON.stringify(started.findings));
  return started.value;
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return Object.values(((await client.query(sql)).rows[0] as Record<string, unknown>) ?? {})[0];
  } finally {
    await client.end();
  }
}

const childProgram = (dataDir: string, keep: boolean): string => `
import { startEmbedded } from './src/adapters/embedded/server.ts';
void startEmbedded({ dataDir: ${JSON.stringify(dataDir)}, major: ${major}, keep: ${keep} }).then((started) => {
  console.log(JSON.stringify(started));
  setInterval(() => {}, 1000);
});
`;

afterAll(async () => {
  for (const folder of folders) {
    await stopEmbedded(join(folder, 'postgres'));
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a server starts in an empty folder, answers in UTF-8 and keeps its data, port and password', async () => {
  const folder = newFolder();
  const first = await start(folder);
  expect(first).toMatchObject({ major, guest: false });
  expect(
    await ask(first.url, "SELECT upper('é') || current_setting('server_encoding') || current_setting('fsync')"),
  ).toBe('ÉUTF8on');
  await ask(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.stop();
  expect(inspectEmbedded(folder).running).toBe(false);
  const second = await start(folder);
  expect(second.url).toBe(first.url);
  expect(await ask(second.url, 'SELECT answer FROM kept')).toBe(42);
  await second.stop();
});

test('two folders have different passwords, and a wrong one is refused', async () => {
  const [one, other] = await Promise.all([start(newFolder()), start(newFolder())]);
  expect(one.password).not.toBe(other.password);
  await expect(ask(one.url.replace(one.password, other.password), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  await Promise.all([one.stop(), other.stop()]);
});

test('the server does not run as root, listens on loopback only, and its files are private', async () => {
  const server = await start(newFolder());
  const pid = inspectEmbedded(server.dataDir).pid!;
  const data = statSync(join(server.dataDir, 'data'));
  expect(data.mode & 0o777).toBe(0o700);
  expect(data.uid).not.toBe(0);
  const processOwner = process.platform === 'linux' ? statSync(`/proc/${pid}`).uid : data.uid;
  expect(processOwner).toBe(data.uid);
  expect(statSync(join(server.dataDir, 'server.json')).mode & 0o777).toBe(0o600);
  expect(
    await ask(
      server.url,
      "SELECT current_setting('listen_addresses') || '|' || current_setting('unix_socket_directories')",
    ),
  ).toBe('127.0.0.1|');
  await server.stop();
});

test('a folder that the account of the server cannot enter is replaced by one in the cache', async () => {
  const folder = newFolder();
  const closed = join(folder, '..', 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const server = await start(join(closed, 'postgres'));
  const inCache = server.dataDir.startsWith(cacheFolder());
  expect(inCache).toBe(isRoot);
  expect(await ask(server.url, 'SELECT 1')).toBe(1);
  expect(inspectEmbedded(join(closed, 'postgres'))).toMatchObject({ running: true, dataDir: server.dataDir });
  await server.stop();
  if (inCache) rmSync(server.dataDir, { recursive: true });
});

test('an ordinary user starts a server with a cache of their own', async () => {
  const folder = newFolder();
  const parent = join(folder, '..');
  chmodSync(parent, 0o777);
  const cache = join(parent, 'cache');
  mkdirSync(cache);
  chmodSync(cache, 0o777);
  symlinkSync(join(cacheFolder(), 'postgres'), join(cache, 'postgres'));
  const user = isRoot ? { uid: 65_534, gid: 65_534 } : {};
  const child = await startChild(childProgram(folder, false), {
    ...user,
    env: { ...process.env, GODWIT_CACHE: cache },
  });
  const { value: server } = (await child.next()) as { value: EmbeddedServer };
  expect(await ask(server.url, 'SELECT 1')).toBe(1);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  await child.kill('SIGKILL');
  await until('the server has ended', () => !inspectEmbedded(folder).running);
});

test('a server of another account is refused by name, not with a stack trace (`embedded-not-yours`)', async () => {
  const folder = newFolder();
  const server = await start(folder);
  const program = `
    import { startEmbedded } from './src/adapters/embedded/server.ts';
    import { inspectEmbedded } from './src/adapters/embedded/control.ts';
    const codes = [];
    try { inspectEmbedded(${JSON.stringify(folder)}); } catch (error) { codes.push(error.findings[0].code); }
    void startEmbedded({ dataDir: ${JSON.stringify(folder)} }).then((started) => {
      console.log(JSON.stringify([...codes, started.ok || started.findings[0].code]));
    });`;
  chmodSync(join(folder, 'server.json'), isRoot ? 0o600 : 0o000);
  const child = await startChild(program, isRoot ? { uid: 65_533, gid: 65_533 } : {});
  expect(await child.next()).toEqual(['embedded-not-yours', 'embedded-not-yours']);
  await child.ended();
  chmodSync(join(folder, 'server.json'), 0o600);
  await server.stop();
});

test('a second command joins the running server as a guest, and the last to leave stops it', async () => {
  const folder = newFolder();
  const owner = await start(folder);
  const guest = await start(folder);
  expect(guest).toMatchObject({ guest: true, url: owner.url });
  await owner.stop();
  expect(await ask(guest.url, 'SELECT 1')).toBe(1);
  await guest.stop();
  expect(inspectEmbedded(folder)).toMatchObject({ running: false, users: [] });
});

test('of many commands that start at once, one starts the server', async () => {
  const folder = newFolder();
  const servers = await Promise.all(Array.from({ length: 6 }, () => start(folder)));
  expect(servers.filter((server) => !server.guest)).toHaveLength(1);
  expect(new Set(servers.map((server) => server.url)).size).toBe(1);
  await Promise.all(servers.map((server) => server.stop()));
  expect(inspectEmbedded(folder).running).toBe(false);
});

test('commands that come while the server ends get a new one', async () => {
  const folder = newFolder();
  const seen: unknown[] = [];
  for (let round = 0; round < 8; round += 1) {
    const server = await start(folder);
    const leaving = server.stop();
    const next = await start(folder);
    seen.push(await ask(next.url, 'SELECT 1'));
    await Promise.all([leaving, next.stop()]);
  }
  expect(seen).toEqual(Array.from({ length: 8 }, () => 1));
});

test('the server ends when its only process is killed with SIGKILL, and the next start recovers', async () => {
  const folder = newFolder();
  const child = await startChild(childProgram(folder, false));
  const { value: server } = (await child.next()) as { value: EmbeddedServer };
  const { pid } = inspectEmbedded(folder);
  expect(await ask(server.url, 'SELECT 1')).toBe(1);
  await child.kill('SIGKILL');
  await until('the postmaster is gone', () => processStart(pid!) === undefined);
  const next = await start(folder);
  expect(await ask(next.url, 'SELECT 1')).toBe(1);
  await next.stop();
});

test('a guest keeps the server when the process that started it is killed, and vice versa', async () => {
  const folder = newFolder();
  const child = await startChild(childProgram(folder, false));
  await child.next();
  const guest = await start(folder);
  expect(guest.guest).toBe(true);
  await child.kill('SIGKILL');
  await until('the killed process is off the list', () => inspectEmbedded(folder).users.length === 1);
  expect(await ask(guest.url, 'SELECT 1')).toBe(1);
  await guest.stop();
  expect(inspectEmbedded(folder).running).toBe(false);
});

test('a kept server outlives its process until it is stopped', async () => {
  const folder = newFolder();
  const child = await startChild(childProgram(folder, true));
  const { value: server } = (await child.next()) as { value: EmbeddedServer };
  await child.kill('SIGKILL');
  const guest = await start(folder);
  await guest.stop();
  expect(await ask(server.url, 'SELECT 1')).toBe(1);
  expect(inspectEmbedded(folder)).toMatchObject({ running: true, kept: true });
  expect(await stopEmbedded(folder)).toBe(true);
  expect(await stopEmbedded(folder)).toBe(false);
  await expect(ask(server.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
});

test('after a crash of the server, stale files and a reused pid do not stop the next start', async () => {
  const folder = newFolder();
  const other = await start(newFolder());
  const server = await start(folder);
  await ask(server.url, 'CREATE TABLE survived AS SELECT 7 AS n');
  const { pid } = inspectEmbedded(folder);
  process.kill(pid!, 'SIGKILL');
  await until('the postmaster is gone', () => processStart(pid!) === undefined);
  const pidFile = join(folder, 'data', 'postmaster.pid');
  const lines = readFileSync(pidFile, 'utf8').split('\n');
  const reused = inspectEmbedded(other.dataDir).pid;
  writeFileSync(pidFile, [String(reused), ...lines.slice(1)].join('\n'));
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: 999_999, start: '1', token: 'dead' }));
  const next = await start(folder);
  expect(next.guest).toBe(false);
  expect(await ask(next.url, 'SELECT n FROM survived')).toBe(7);
  expect(await ask(other.url, 'SELECT 1')).toBe(1);
  await Promise.all([next.stop(), server.stop(), other.stop()]);
});

test('a start that died before its password was set is completed by the next', async () => {
  const folder = newFolder();
  const server = await start(folder);
  await server.stop();
  const file = join(folder, 'server.json');
  const state = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const nextPassword = randomBytes(24).toString('hex');
  // As left by a crash before ALTER ROLE (the old password holds), and after it (the next one does).
  for (const password of [state['password'], 'gone']) {
    writeFileSync(file, JSON.stringify({ ...state, password, nextPassword }));
    const again = await start(folder);
    expect(again.password).toBe(nextPassword);
    expect(await ask(again.url, 'SELECT 1')).toBe(1);
    await again.stop();
  }
});

test('data of another major are refused, with what to do', async () => {
  const folder = newFolder();
  const server = await start(folder);
  const other = majors.find((each) => each !== major) ?? major - 1;
  for (const running of [true, false]) {
    if (!running) await server.stop();
    const refused = await startEmbedded({ dataDir: folder, major: other });
    expect(refused).toMatchObject({
      ok: false,
      findings: [{ code: 'embedded-other-major', fix: expect.stringContaining(`major version ${major}`) }],
    });
  }
  const same = await startEmbedded({ dataDir: folder });
  expect(same).toMatchObject({ ok: true, value: { major } });
  if (same.ok) await same.value.stop();
});

test('a server that cannot start says why, in the words of its log (`embedded-start-failed`)', async () => {
  const folder = newFolder();
  const refused = await startEmbedded({ dataDir: folder, major, settings: { shared_buffers: 'nonsense' } });
  expect(refused).toMatchObject({
    ok: false,
    findings: [{ code: 'embedded-start-failed', why: expect.stringContaining('shared_buffers') }],
  });
  expect(existsSync(join(folder, 'users'))).toBe(false);
});

test('a taken port is replaced by a free one', async () => {
  const folder = newFolder();
  const first = await start(folder);
  await first.stop();
  const { createServer } = await import('node:net');
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(first.port, '127.0.0.1', resolve));
  const second = await start(folder);
  expect(second.port).not.toBe(first.port);
  await second.stop();
  await new Promise((resolve) => blocker.close(resolve));
});
