import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { layLine } from '../support/slow-line.ts';

const files = Object.fromEntries(
  Array.from({ length: 30 }, (_, n) => [`migrations/${n + 2}_n.sql`, `insert into ledger values (${n});`]),
);
const ledger = 'select count(*)::int as n, count(distinct n)::int as d from ledger';

test.concurrent('a line of 200 ms each way that varies costs time, and nothing else', async () => {
  await using database = await createTestDatabase();
  await using line = await layLine(database.url, { delayMs: 200, jitterMs: 100 });
  using project = createProject(
    { 'migrations/1_l.sql': 'create table ledger (n int primary key);', ...files },
    line.url,
  );
  const ran = await project.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(ran.err).not.toMatch(/given up|silent|lost/);
  expect(await database.query(ledger)).toEqual([{ n: 30, d: 30 }]);
  expect(await database.query('select count(*)::int as n from godwit.run')).toEqual([{ n: 1 }]);
}, 120_000);

test.concurrent('a line of one kilobyte a second is waited for', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_l.sql': 'create table ledger (n int primary key);' }, database.url);
  // Schema godwit alone takes this line half a minute.
  expect((await project.run('up')).exitCode).toBe(0);
  await using line = await layLine(database.url, { delayMs: 50, bytesPerSecond: 1_000 });
  project.write(
    'migrations/2_rows.sql',
    `insert into ledger values ${Array.from({ length: 4_000 }, (_, n) => `(${n})`).join(', ')};`,
  );
  const ran = await project.runWith({ DATABASE_URL: line.url }, 'up', '--no-verify');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(ran.err).not.toMatch(/given up|silent|lost/);
  expect(await database.query(ledger)).toEqual([{ n: 4_000, d: 4_000 }]);
  expect(await database.query('select count(*)::int as n from godwit.run')).toEqual([{ n: 2 }]);
}, 150_000);
