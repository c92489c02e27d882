import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fencesOf, root } from '../docs/fences.ts';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase } from '../support/database.ts';
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
    const terms = cloud.environment(name, urls[name] ?? '', { project, ...(instance === undefined ? {} : { instance }) });
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

test('every command of the Cloud Build guide has one of godwit’s, and each does what its row says', async () => {
  await using dev = await createTestDatabase();
  await using staging = await createTestDatabase();
  await using prod = await createTestDatabase();
  await using cloud = await buildCloud();
  using project = createProject(filesOfPage(), undefined, cloud.env);
  project.write('godwit.config.json', configOf(cloud, { dev: dev.url, staging: staging.url, prod: prod.url }));
  for (const { was, now } of rows()) {
    for (const command of now) await type(project, command, was);
    expect(cloud.leaked(), was).toEqual([]);
  }
  for (const database of [dev, staging, prod]) {
    const [tables] = await database.query<{ n: number }>("select count(*)::int as n from pg_tables where schemaname = 'public'");
    expect(tables?.n).toBeGreaterThanOrEqual(5);
  }
}, 120_000);

async function type(project: TestProject, command: string, was: string): Promise<void> {
  const id = command.includes(' RUN') ? await newestRun(project) : '';
  const words = command.replace(' RUN', ` ${id}`).split(' ').slice(1);
  const ran = await project.run(...words);
  expect([ran.exitCode, ran.err], `${was}: ${command}`).toEqual([0, expect.any(String)]);
}

async function newestRun(project: TestProject): Promise<string> {
  const listed = await project.run('runs', 'list', '-e', 'dev', '--json');
  const [document] = listed.json as unknown as readonly { readonly runs: readonly { readonly run: string }[] }[];
  const id = document?.runs[0]?.run;
  expect(id, listed.out + listed.err).toBeDefined();
  return id ?? '';
}
