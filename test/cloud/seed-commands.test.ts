import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { catalogue } from '../../src/kit/catalogue/index.ts';
import { fencesOf, root } from '../docs/fences.ts';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const page = 'docs/from-cloud-build.md';

/** A row of a table: what was typed, and the commands that are typed now. */
interface Row {
  readonly was: string;
  readonly now: readonly string[];
}

function rows(): readonly Row[] {
  return readFileSync(`${root}/${page}`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, was = '', is = ''] = /^\| (.*) \| (.*) \|$/.exec(line) ?? [];
      const now = [...is.matchAll(/`(godwit [^`]+)`/g)].map(([, command = '']) => command);
      return now.length === 0 ? [] : [{ was, now }];
    });
}

/** The page's own configuration, with endpoints and images of the emulator. */
function configOf(cloud: Cloud, urls: Readonly<Record<string, string>>): string {
  const fence = fencesOf(page).find(({ terms }) => terms === 'file=godwit.config.json');
  const config = JSON.parse(fence?.text ?? '') as {
    environments: Record<string, { engine: { project: string; instance?: string } }>;
  };
  const environments = Object.entries(config.environments).map(([name, { engine }]) => {
    const { project, instance } = engine;
    const terms = cloud.environment(name, urls[name] ?? '', {
      project,
      ...(instance === undefined ? {} : { instance }),
    });
    if (instance !== undefined) cloud.emulator.seed.sqlInstance(`${project}:us-central1:${instance}`);
    return [name, { engine: terms.engine }];
  });
  return JSON.stringify({ ...config, environments: Object.fromEntries(environments) });
}

/** The example, laid out as the page says. */
function filesOfPage(): Record<string, string> {
  const from = `${root}/examples/vividly`;
  const ordered = readdirSync(`${from}/migrations`).map((name) => [
    `backend/migrations/ordered/${name}`,
    readFileSync(`${from}/migrations/${name}`, 'utf8'),
  ]);
  const bare = readFileSync(`${from}/bare/add_prompt_notes.sql`, 'utf8');
  const back = readFileSync(`${from}/bare/rollback_add_prompt_notes.sql`, 'utf8');
  return {
    ...(Object.fromEntries(ordered) as Record<string, string>),
    'backend/migrations/your_migration.sql': bare,
    'backend/migrations/rollback_your_migration.sql': back,
    'backend/migrations/latest_migration.sql': 'create table latest (n int);',
  };
}

/** What each command of the page prints, and which single files are applied in dev after it. */
const expected: readonly (readonly [prints: RegExp, files: string])[] = [
  [/7 migrations applied, 17 checks passed/, ''],
  [/1 migration applied/, 'your_migration'],
  [/Nothing to do/, 'your_migration'],
  [/Nothing to do/, 'your_migration'],
  [/Nothing to do/, 'your_migration'],
  [/7 migrations applied/, 'your_migration'],
  [/7 migrations would run/, 'your_migration'],
  [/checkpoint[^]*7 migrations applied/i, 'your_migration'],
  [/(?:✔ 01[^]*){5}/, 'your_migration'],
  [/execution +projects[^]*log +https:/, 'your_migration'],
  [/Nothing to do/, 'your_migration'],
  [/checks passed/, 'your_migration'],
  [/1 migration undone/, ''],
  [/1 migration applied/, 'your_migration'],
  [/1 migration undone/, ''],
  [/run.finished/, ''],
];

test('every command of the Cloud Build guide has one of godwit’s, and each does what its row says', async () => {
  await using dev = await createTestDatabase();
  await using staging = await createTestDatabase();
  await using prod = await createTestDatabase();
  await using cloud = await buildCloud();
  using project = createProject(filesOfPage(), undefined, cloud.env);
  project.write('godwit.config.json', configOf(cloud, { dev: dev.url, staging: staging.url, prod: prod.url }));
  const commands = rows().flatMap(({ was, now }) => now.map((command) => ({ was, command })));
  expect(commands).toHaveLength(expected.length);
  for (const [index, { was, command }] of commands.entries()) {
    const ran = await type(project, command);
    expect.soft(ran.exitCode, `${was}: ${command}\n${ran.err}`).toBe(0);
    const [prints, files] = expected[index] ?? [];
    expect.soft(ran.err + ran.out, command).toMatch(prints ?? /no expectation/);
    expect.soft(await filesIn(dev), command).toBe(files);
    expect(cloud.leaked(), command).toEqual([]);
  }
}, 600_000);

/** Names of the single files that are applied. */
async function filesIn(database: TestDatabase): Promise<string> {
  const newest = 'select distinct on (id) id, kind from godwit.migration order by id, seq desc';
  const [row] = await database.query<{ files: string | null }>(
    `select string_agg(substr(id, 6), ' ') as files from (${newest}) m where id like 'file:%' and kind <> 'reverted'`,
  );
  return row?.files ?? '';
}

async function type(project: TestProject, command: string): ReturnType<TestProject['run']> {
  const id = command.includes(' RUN') ? await newestRun(project) : '';
  return await project.run(...command.replace(' RUN', ` ${id}`).split(' ').slice(1));
}

async function newestRun(project: TestProject): Promise<string> {
  const listed = await project.run('runs', 'list', '-e', 'dev', '--json');
  const [document] = listed.json as unknown as readonly { readonly runs: readonly { readonly run: string }[] }[];
  const id = document?.runs[0]?.run;
  expect(id, listed.out + listed.err).toBeDefined();
  return id ?? '';
}

test('every code that the page of the Cloud Build guide names is one of godwit’s', () => {
  const text = readFileSync(`${root}/${page}`, 'utf8');
  const errors = text.slice(text.indexOf('## Errors')).matchAll(/^\| .* \| (.*) \|$/gm);
  const codes = [...errors].flatMap(([, says = '']) => [...says.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code));
  expect(codes.length).toBeGreaterThan(10);
  expect(codes.filter((code) => !Object.hasOwn(catalogue, code ?? ''))).toEqual([]);
});
