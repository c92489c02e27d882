import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { carryBundle } from '../../src/adapters/bundle/carry-bundle.ts';
import type { Task } from '../../src/migrate/contract/task.ts';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { startProgram } from '../support/running.ts';

/**
 * What a runner may weigh when it starts. Each kilobyte is parsed and each module is loaded before the first byte is
 * sent, in every job. Raise a limit only for what every task needs that early; the rest can be loaded later
 * (`await import`).
 */
const limits = {
  kilobytes: 1_040,
  modules: 'crypto dns events fs net path timers/promises tls util util/types v8 zlib'.split(' '),
};

const runner = resolve('dist/runner.cjs');
const files = { 'migrations/1_users.sql': 'create table users (id bigint primary key);' };
const pack = (value: unknown): string => brotliCompressSync(Buffer.from(JSON.stringify(value))).toString('base64');

interface Started {
  readonly exitCode: number | null;
  readonly out: string;
  readonly modules: readonly string[];
  readonly order: readonly string[];
}

/** Runs a job with this task, and records how it starts. */
async function startJob(
  project: TestProject,
  url: string,
  { task = applyTask(), hash }: { readonly task?: Task; readonly hash?: string } = {},
): Promise<Started> {
  const bundle = await bundleIn(project.folder);
  const carried = await carryBundle(bundle);
  if (!carried.ok || carried.value.kind !== 'variable') throw new Error('it does not fit');
  const record = join(project.folder, 'record.json');
  const preload = ['--require', resolve('test/job/record-start.cjs')];
  const { ended } = startProgram([process.execPath, ...preload, runner, 'job'], {
    env: {
      GODWIT_TASK: pack(task),
      GODWIT_BUNDLE: carried.value.value,
      GODWIT_BUNDLE_HASH: hash ?? bundle.hash,
      GODWIT_TEST_RECORD: record,
      DATABASE_URL: url,
    },
  });
  const { exitCode, out } = await ended;
  return { exitCode, out, ...(JSON.parse(readFileSync(record, 'utf8')) as Pick<Started, 'modules' | 'order'>) };
}

test('a runner stays small, and loads few of Node’s modules before it connects', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files);
  const { modules } = await startJob(project, database.url);
  const added = modules.filter((name) => !limits.modules.includes(name));
  expect(added, `loaded before the connection, and new: ${added.join(', ')}`).toEqual([]);
  const kilobytes = Math.ceil(statSync(runner).size / 1_024);
  const why = `the runner has ${kilobytes} kB; a metafile of esbuild (scripts/build.mjs) shows what is in it`;
  expect(kilobytes, why).toBeLessThanOrEqual(limits.kilobytes);
});

describe('the connection comes first', () => {
  const { kind: _, ...shared } = applyTask();
  const { run, environment, actor, selection, verification } = applyTask();
  const about = { run, environment, actor, anyDatabase: false };
  const tasks: readonly Task[] = [
    applyTask(),
    applyTask({ onDisconnect: 'finish' }),
    { ...about, kind: 'inspect', what: 'history' },
    { ...about, kind: 'plan', selection },
    { ...about, kind: 'verify', verification },
    { ...shared, kind: 'exec', command: 'exec', words: ['true'], alone: true, graceMs: 0, approved: true },
  ];
  test.each(tasks.map((task) => [task.kind, task] as const))(
    '%s: it is under way while the bundle is unpacked, and the first question goes over it',
    async (_, task) => {
      await using database = await createTestDatabase();
      using project = createProject(files);
      const { exitCode, order, out } = await startJob(project, database.url, { task });
      expect(exitCode, out).toBe(0);
      expect(order.slice(0, 3)).toEqual(['connect', 'unpack', 'question']);
    },
  );

  test('a damaged bundle is told as one, whatever the connection does, and the server is asked nothing', async () => {
    await using database = await createTestDatabase();
    using project = createProject(files);
    const damaged = await startJob(project, database.url, { hash: 'f'.repeat(64) });
    expect(damaged.order).toEqual(['connect', 'unpack']);
    expect(damaged.out).toContain('bundle-damaged');
    const refused = await startJob(project, 'postgresql://a:b@127.0.0.1:9/d', { hash: 'f'.repeat(64) });
    expect(refused.out).toContain('bundle-damaged');
    expect(refused.out).not.toContain('connection-refused');
    await using silent = await silentServer();
    const waiting = await startJob(project, silent.url, { hash: 'f'.repeat(64) });
    expect(waiting.out).toContain('bundle-damaged');
    expect(silent.greeted()).toBe(1);
  });

  test('a URL that cannot be used is told after the bundle, and nothing is connected to', async () => {
    using project = createProject(files);
    const wrong = await startJob(project, 'mysql://a:b@127.0.0.1/d');
    expect(wrong.order).toEqual(['unpack']);
    expect(wrong.out).toContain('url-');
    const both = await startJob(project, 'mysql://a:b@127.0.0.1/d', { hash: 'f'.repeat(64) });
    expect(both.out).toContain('bundle-damaged');
    expect(both.out).not.toContain('"code\\":\\"url-');
  });
});

/** A server that accepts connections and never says a word. */
async function silentServer(): Promise<AsyncDisposable & { readonly url: string; greeted(): number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `postgresql://a:b@127.0.0.1:${(server.address() as AddressInfo).port}/d`,
    greeted: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
