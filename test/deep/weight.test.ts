import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { hasOtherNodes, otherNode } from '../support/other-node.ts';
import { createProject, type TestProject } from '../support/project.ts';

const program = fileURLToPath(new URL('../../dist/godwit.cjs', import.meta.url));

/** Runs godwit, as it is shipped, and looks at the most memory it ever had. */
async function weighed(project: TestProject, url: string, ...argv: readonly string[]) {
  return await weighedOn(process.execPath, project, url, ...argv);
}

async function weighedOn(node: string, { folder }: TestProject, url: string, ...argv: readonly string[]) {
  const child = spawn(node, [program, ...argv], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, USER: 'tester', DATABASE_URL: url },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  let megabytes = 0;
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const looking = setInterval(() => {
    try {
      const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'))?.[1];
      megabytes = Math.max(megabytes, Number(found ?? 0) / 1024);
    } catch {
      // It has ended, or this system has no such file.
    }
  }, 20);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  clearInterval(looking);
  return { exitCode, err, megabytes };
}

/** Node 24 is the one whose V8 needs half a gigabyte where it may optimise the parser. */
test.each(hasOtherNodes ? ['this', 24] : ['this'])(
  'up of 60 migrations takes less than 130 MB on %s Node',
  async (major) => {
    await using database = await createTestDatabase();
    const statements = (n: number): string =>
      [
        `create table t${n} (id bigint primary key, name text not null, at timestamptz not null default now());`,
        `alter table t${n} add column amount numeric(12, 2) not null default 0;`,
        `insert into t${n} (id, name, amount) values (1, 'first', 1.5), (2, 'second', 2.5);`,
        `create view v${n} as select id, name, amount from t${n} where amount > 0;`,
      ].join('\n');
    const files = Array.from({ length: 60 }, (_, n) => [`migrations/${n + 1}_t.sql`, statements(n + 1)] as const);
    using project = createProject(Object.fromEntries(files), database.url);
    const node = typeof major === 'number' ? await otherNode(major) : process.execPath;
    const ran = await weighedOn(node, project, database.url, 'up');
    expect(ran.exitCode, ran.err.slice(-2_000)).toBe(0);
    expect(ran.megabytes).toBeLessThan(130);
  },
  120_000,
);

test('3,000 files are applied in their order, and the next run finds nothing to do', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/00001_ledger.sql': 'create table ledger (n int);' }, database.url);
  for (let n = 2; n <= 3_000; n += 1)
    writeFileSync(
      join(project.folder, 'migrations', `${String(n).padStart(5, '0')}_n.sql`),
      `insert into ledger values (${n});`,
    );
  const ran = await weighed(project, database.url, 'up');
  expect(ran.exitCode, ran.err.slice(-2_000)).toBe(0);
  const [found] = await database.query(
    'select count(*)::int as n, count(distinct n)::int as d, bool_and(id = seq::text) as ordered from ledger join godwit.migration on id = n::text',
  );
  expect(found).toEqual({ n: 2_999, d: 2_999, ordered: true });
  expect((await project.run('up')).err).toContain('othing to do');
}, 600_000);

test('a file of 100 MB is one migration, streamed: all of it or nothing, in little memory', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_t.sql': 'create table t (n int primary key, text text);' },
    database.url,
  );
  mkdirSync(join(project.folder, 'migrations'), { recursive: true });
  const rows = await writeRows(join(project.folder, 'migrations', '2_rows.sql'), 100e6);
  const ran = await weighed(project, database.url, 'up', '--no-verify');
  expect(ran.exitCode, ran.err.slice(-2_000)).toBe(0);
  expect(ran.megabytes).toBeLessThan(300);
  expect(await database.query('select count(*)::int as n from t')).toEqual([{ n: rows }]);
  expect(await database.query('select array_agg(id order by seq) as ids from godwit.migration')).toEqual([
    { ids: ['1', '2'] },
  ]);
}, 600_000);

/** COPY with so many bytes of rows. */
async function writeRows(path: string, bytes: number): Promise<number> {
  const file = createWriteStream(path);
  file.write('copy t (n, text) from stdin;\n');
  let [written, rows] = [0, 0];
  while (written < bytes) {
    let piece = '';
    for (let n = 0; n < 10_000; n += 1) piece += `${(rows += 1)}\t${'abcdefghij'.repeat(10)}\n`;
    written += piece.length;
    if (!file.write(piece)) await once(file, 'drain');
  }
  file.end('\\.\n');
  await once(file, 'close');
  return rows;
}

test('1,000 tables in two files, and 50,000 INSERTs in one, are applied and verified', async () => {
  await using database = await createTestDatabase();
  const tables = (from: number): string =>
    Array.from({ length: 500 }, (_, n) => `create table t${from + n} (id int primary key, name text not null);\n`).join(
      '',
    );
  const rows = Array.from({ length: 50_000 }, (_, n) => `insert into seeds values (${n}, 'seed ${n}');\n`).join('');
  using project = createProject(
    {
      'migrations/1_tables.sql': tables(0),
      'migrations/2_more.sql': tables(500),
      'migrations/3_seeds.sql': `create table seeds (n int primary key, text text);\n${rows}`,
    },
    database.url,
  );
  const up = await weighed(project, database.url, 'up');
  expect(up.exitCode, up.err.slice(-2_000)).toBe(0);
  expect(up.megabytes).toBeLessThan(400);
  expect(await database.query('select count(*)::int as n from seeds')).toEqual([{ n: 50_000 }]);
  const verify = await weighed(project, database.url, 'verify');
  expect(verify.exitCode, verify.err.slice(-2_000)).toBe(0);
}, 300_000);
