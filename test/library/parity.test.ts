import { expect, test } from 'vitest';
import type { Ending } from '../../src/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { base, situations, type Situation } from './situations.ts';

// What the CLI and the library do is one operation: each situation is made twice, and asked for through both.

interface Seen {
  readonly exitCode: number;
  readonly codes: readonly string[];
  readonly history: readonly unknown[];
}

/** Makes a situation and asks for what it is about. */
async function seenBy(
  situation: Situation,
  ask: (project: TestProject, env: Readonly<Record<string, string>>) => Promise<Omit<Seen, 'history'>>,
): Promise<Seen> {
  await using database = await createTestDatabase();
  await using first = await createTestDatabase();
  const env = { DATABASE_URL: database.url, URL: database.url, FIRST: first.url, GODWIT_PG_BIN: '/nowhere' };
  using project = createProject(situation.files ?? base, undefined, env);
  for (const line of situation.before ?? []) await project.run(...line.split(' '));
  if (situation.sql !== undefined) await database.query(situation.sql);
  for (const [path, text] of Object.entries(situation.later ?? {})) project.write(path, text);
  const asked = await ask(project, { ...env, HOME: project.folder, USER: 'tester', PATH: process.env['PATH'] ?? '' });
  return { ...asked, history: await historyOf(database) };
}

async function historyOf(database: TestDatabase): Promise<readonly unknown[]> {
  const [there] = await database.query("select to_regclass('godwit.run') is not null as there");
  if (there?.['there'] !== true) return [];
  const migrations = await database.query('select id, kind from godwit.migration order by seq');
  const runs = await database.query(
    'select command, outcome, exit_code, checkpoint from godwit.run order by started_at',
  );
  return [...migrations, ...runs];
}

const errorsOf = (findings: Ending['findings']): readonly string[] =>
  [...new Set(findings.filter(({ severity }) => severity === 'error').map(({ code }) => code))].sort();

test.each(situations)('CLI and library agree on $name', async (situation) => {
  const typed = await seenBy(situation, async (project) => {
    const [line = '', behind] = situation.typed.split(' -- ');
    const words = [...line.split(' '), '--json', ...(behind === undefined ? [] : ['--', behind])];
    const { exitCode, json } = await project.run(...words);
    const documents = json as readonly { findings?: Ending['findings']; finding?: Ending['findings'][number] }[];
    const findings = documents.flatMap((one) => [
      ...(one.findings ?? []),
      ...(one.finding === undefined ? [] : [one.finding]),
    ]);
    return { exitCode, codes: errorsOf(findings) };
  });
  const called = await seenBy(situation, async (project, env) => {
    const environment = situation.typed.includes('-e dev') ? 'dev' : undefined;
    const { exitCode, findings } = await situation.called({ cwd: project.folder, env, environment });
    return { exitCode, codes: errorsOf(findings) };
  });
  expect(called).toEqual(typed);
  expect(typed.exitCode, JSON.stringify(typed)).toBe(situation.exitCode);
  expect(typed.codes).toEqual(expect.arrayContaining([...(situation.codes ?? [])]));
});
