import { expect, test } from 'vitest';
import type { Check } from '../../src/migrate/contract/model.ts';
import { atTerminal } from '../support/at-terminal.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const shop = {
  'migrations/1_shop.sql': `create table users (id int primary key, email text default 'none', "Full Name" text);
create table "audit_1" (id int); create table audit_2 (id int);
create view people as select id, email from users;
comment on column people.email is 'where to write';`,
};

/** What `verify` still tells: kind, object, what is there. */
async function told(project: TestProject, ...options: readonly string[]): Promise<readonly string[]> {
  const ran = await project.run('verify', '--json', ...options);
  const [document] = ran.json;
  const checks = document?.['checks'] as readonly Check[];
  return checks
    .filter(({ ok }) => !ok)
    .map(({ kind, object, severity, actual }) => `${severity}: ${kind} ${object} ${actual}`);
}

async function accept(project: TestProject, ...objects: readonly string[]) {
  const named = objects.flatMap((object) => ['--accept', object]);
  return await project.run('verify', ...named, '--reason', 'agreed with the DBA');
}

test('a changed default, an added index and a missing view are taken into the baseline, each with its reason in the history', async () => {
  await using database = await createTestDatabase();
  using project = createProject(shop, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query(`alter table users alter column email set default 'unknown';
create index by_email on users (email); drop view people;`);
  expect((await project.run('verify')).exitCode).toBe(50);

  const one = await project.run('verify', '--accept', 'public.users.email', '--reason', 'asked for by marketing');
  expect(one.exitCode, one.err).toBe(0);
  expect(one.err).toContain("found     default: 'unknown'::text");
  expect(one.err).toContain('1 difference accepted');
  expect(await told(project)).toEqual([
    'error: drift-view public.people missing',
    'warning: drift-index public.by_email added',
  ]);
  const both = await accept(project, 'index public.by_email', 'public.people');
  expect(both.exitCode, both.err).toBe(0);
  expect(await told(project)).toEqual([]);
  const verified = await project.run('verify', '--strict');
  expect(verified.exitCode, verified.shown).toBe(0);

  const runs = await project.run('runs', 'list');
  expect(runs.shown).toContain('public.users.email: asked for by marketing');
  const [list] = (await project.run('runs', 'list', '--json')).json;
  const [newest] = (list?.['runs'] ?? []) as readonly { readonly run: string; readonly about: object }[];
  expect(newest?.about).toMatchObject({
    reason: 'agreed with the DBA',
    total: 2,
    accepted: [
      { change: 'missing', kind: 'view', name: 'public.people' },
      { change: 'added', kind: 'index', name: 'public.by_email' },
    ],
  });
  const shown = await project.run('runs', 'show', newest?.run ?? '');
  expect(shown.shown).toMatch(/reason +agreed with the DBA/);
  expect(shown.shown).toMatch(/missing +view +public\.people/);
  const chain = await project.run('runs', 'verify-chain');
  expect(chain.exitCode, chain.shown).toBe(0);

  // It is watched from now on, and its past is kept.
  await database.query('drop index by_email');
  expect(await told(project)).toEqual(['error: drift-index public.by_email missing']);
  const rows = await database.query('select change, name, accepted_by is null from godwit.former_object order by n');
  expect(rows.map((row) => Object.values(row))).toEqual([
    ['changed', 'public.users.email', false],
    ['dropped', 'public.people', false],
    ['dropped', 'public.people.email', false],
  ]);
});

test('what was accepted belongs to no migration that runs or is undone later', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      ...shop,
      'migrations/2_age.sql': 'alter table users add age int',
      'migrations/2_age.down.sql': 'alter table users drop age',
    },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query(`create index by_email on users (email); drop table audit_1; alter table audit_2 rename to audit;
alter table audit add column at date`);
  const taken = await accept(project, 'public.by_email', 'table public.audit_?');
  expect(taken.exitCode, taken.err).toBe(0);
  // The table's new name is taken, its new column is not.
  expect(await told(project)).toEqual(['warning: drift-column public.audit.at added']);
  expect((await accept(project, 'public.audit.at')).exitCode).toBe(0);
  const down = await project.run('down', '--allow-row-loss', '100');
  expect(down.exitCode, down.err).toBe(0);
  project.write('migrations/3_more.sql', 'create index by_name on users ("Full Name");\ndrop table audit;');
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect(up.err).not.toContain('drift');
  expect(await told(project)).toEqual([]);
  const chain = await project.run('runs', 'verify-chain');
  expect(chain.exitCode, chain.shown).toBe(0);
});

test('what was accepted while a migration stands in part does not become that migration’s', async () => {
  await using database = await createTestDatabase();
  using project = createProject(shop, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  const part = (last: string) =>
    `-- godwit: transaction=none\nalter table users add age int;\nalter table users alter age set default 1;\n${last};`;
  project.write('migrations/2_part.sql', part('select 1/0'));
  expect((await project.run('up')).exitCode).toBe(41);
  await database.query('drop table audit_2; alter table users alter age set default 2');
  const open = await accept(project, 'public.users.age');
  expect([open.exitCode, open.err]).toEqual([2, expect.stringContaining('not described yet')]);
  const taken = await accept(project, 'public.audit_2');
  expect(taken.exitCode, taken.err).toBe(0);
  project.write('migrations/2_part.sql', part('select 1'));
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  const past = 'select name, seq from godwit.former_object where accepted_by is not null order by n limit 1';
  expect(await database.query(past)).toEqual([{ name: 'public.audit_2', seq: null }]);
  const chain = await project.run('runs', 'verify-chain');
  expect(chain.exitCode, chain.shown).toBe(0);
});

test('a table made anew by hand is accepted column by column, or with all that belongs to it', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_t.sql': 'create table t (id int primary key, a int, b int); create table u (id int);' },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  const anew = 'drop table t; create table t (id int primary key, a bigint, b text);';
  const differs = ['error: drift-column public.t.a type: bigint', 'error: drift-column public.t.b type: text'];
  await database.query(anew);
  expect((await told(project)).toSorted()).toEqual(differs);
  // A run that has nothing to do with it absorbs nothing.
  project.write('migrations/2_v.sql', 'create table v (id int);');
  expect((await project.run('up')).exitCode).toBe(0);
  expect((await told(project)).toSorted()).toEqual(differs);
  await database.query(`${anew} alter table t replica identity full;`);
  const part = await accept(project, 'public.t', 'public.t.a');
  expect(part.exitCode, part.err).toBe(0);
  expect(await told(project)).toEqual(['error: drift-column public.t.b type: text']);
  await database.query(`${anew} alter table t replica identity full;`);
  expect((await accept(project, 'public.t*')).exitCode).toBe(0);
  expect(await told(project)).toEqual([]);
  await database.query('alter table t alter b type varchar');
  expect(await told(project)).toEqual(['error: drift-column public.t.b type: character varying']);
  expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
});

test('names with capitals and blanks are accepted with quotes and without', async () => {
  await using database = await createTestDatabase();
  using project = createProject(shop, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  for (const [type, name] of [
    ['bigint', 'public.users.Full Name'],
    ['text', 'column public.users."Full Name"'],
    ['int', 'drift column public.users."Full Name"'],
  ]) {
    await database.query(`alter table users drop "Full Name"; alter table users add "Full Name" ${type ?? ''}`);
    const taken = await accept(project, name ?? '', 'public.users*');
    expect([name, taken.exitCode, taken.err]).toEqual([name, 0, taken.err]);
    expect(await told(project)).toEqual([]);
  }
});

test('without a reason, a difference or an object of the name nothing is taken, and the nearest name is told (`accept-unknown`, `accept-no-difference`, `accept-without-reason`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(shop, database.url);
  expect((await accept(project, 'public.users')).err).toContain('Nothing is in the baseline yet');
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query("alter table users alter column email set default 'unknown'");
  const codeOf = async (...argv: readonly string[]): Promise<readonly string[]> => {
    const ran = await project.run('verify', '--json', ...argv);
    const [document] = ran.json;
    const findings = (document?.['findings'] ?? []) as readonly { readonly code: string; readonly fix: string }[];
    return [String(ran.exitCode), ...findings.flatMap(({ code, fix }) => [code, fix])];
  };
  const reason = ['--reason', 'because'];
  const email = ['--accept', 'public.users.email'];
  expect((await codeOf(...email)).slice(0, 2)).toEqual(['2', 'accept-without-reason']);
  expect(await codeOf(...email, '--reason', ' ')).toContain('accept-without-reason');
  expect(await codeOf(...reason)).toContain('wrong-usage');
  expect(await codeOf(...email, ...reason, '--strict')).toContain('wrong-usage');
  expect(await codeOf('--accept', 'public.users.emial', ...reason)).toEqual([
    '2',
    'accept-unknown',
    'Did you mean `public.users.email`?',
  ]);
  expect(await codeOf('--accept', 'users.email', ...reason)).toContain('Did you mean `public.users.email`?');
  expect((await codeOf(...email, '--accept', 'public.people', ...reason)).slice(0, 2)).toEqual([
    '2',
    'accept-no-difference',
  ]);
  expect(await told(project)).toEqual(["error: drift-column public.users.email default: 'unknown'::text"]);
  const [list] = (await project.run('runs', 'list', '--json')).json;
  const runs = (list?.['runs'] ?? []) as readonly { readonly command: string; readonly outcome: string }[];
  expect(runs.at(-1)).toMatchObject({ command: 'accept', outcome: 'refused' });
  expect(await codeOf(...email, ...reason)).toEqual(['0']);
});

test('a protected environment takes a difference when a person has typed its name', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      ...shop,
      'godwit.config.json': JSON.stringify({
        environments: { live: { database: { env: 'DATABASE_URL' }, protected: true, checkpoint: 'never' } },
      }),
    },
    database.url,
  );
  const env = { DATABASE_URL: database.url };
  expect((await atTerminal(project, env, 'up -e live', ['live'])).exitCode).toBe(0);
  await database.query("alter table users alter column email set default 'unknown'");
  const line = 'verify -e live --accept public.users.email --reason agreed';
  const alone = await project.run(...line.split(' '));
  expect([alone.exitCode, alone.shown]).toEqual([10, expect.stringContaining('live is protected')]);
  const wrong = await atTerminal(project, env, line, ['prod']);
  expect([wrong.exitCode, wrong.err]).toEqual([10, expect.stringContaining('was not typed')]);
  expect((await project.run('verify', '-e', 'live')).exitCode).toBe(50);
  const right = await atTerminal(project, env, line, ['live']);
  expect([right.exitCode, right.err]).toEqual([0, expect.stringContaining("default: 'unknown'::text")]);
  expect((await project.run('verify', '-e', 'live')).exitCode).toBe(0);
});

test.each([
  [
    { verify: { ignore: 'public.t' } },
    'verify.ignore: must be a list of names, not "public.t".',
    'Write it like ["public.t"].',
  ],
  [{ verify: { ignore: ['public.t', 7] } }, 'verify.ignore[1]: must be the name of an object, not 7.', ''],
  [{ verify: { ignore: [' '] } }, 'verify.ignore[0]: must be the name of an object, not " ".', ''],
  [{ verify: ['public.t'] }, 'verify: must be an object', ''],
  [
    { environments: { local: { verify: { ingore: [] } } } },
    'environments.local.verify.ingore: unknown key',
    '`ignore`',
  ],
])('a wrong list of ignored objects is named: %j', async (config, why, fix) => {
  using project = createProject({ 'godwit.config.json': JSON.stringify(config) });
  const ran = await project.run('verify');
  expect([ran.exitCode, ran.shown]).toEqual([2, expect.stringContaining(why)]);
  expect(ran.shown).toContain(fix);
});

test('differences of ignored objects are notes that name the pattern', async () => {
  await using database = await createTestDatabase();
  const config = (ignore: readonly string[], own: readonly string[]) =>
    JSON.stringify({
      verify: { ignore },
      environments: { local: { database: { env: 'DATABASE_URL' }, verify: { ignore: own } } },
    });
  using project = createProject(
    { ...shop, 'godwit.config.json': config(['public.audit_*'], ['index public.by_?mail', 'view *']) },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query(`drop table audit_1; alter table audit_2 add column at date; drop view people;
create index by_email on users (email)`);
  const ran = await project.run('verify', '--strict');
  expect(ran.exitCode, ran.shown).toBe(0);
  expect(ran.shown).toContain('ignored by public.audit_*');
  expect(ran.shown).toContain('4 notes');
  await database.query("alter table users alter column email set default 'unknown'");
  const one = await project.run('verify');
  expect(one.exitCode, one.shown).toBe(50);
  // Ignored or not, a difference can be accepted.
  expect((await accept(project, 'public.audit_1')).exitCode).toBe(0);
  project.write('godwit.config.json', config([], []));
  const [document] = (await project.run('verify', '--json')).json;
  const objects = ((document?.['checks'] ?? []) as readonly Check[])
    .filter(({ ok }) => !ok)
    .map(({ object }) => object);
  expect(objects.toSorted()).toEqual(['public.audit_2.at', 'public.by_email', 'public.people', 'public.users.email']);
});
