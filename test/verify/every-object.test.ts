import { cpSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/kit/finding.ts';
import type { Check } from '../../src/migrate/contract/model.ts';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { mutationsOf, type Mutation } from './mutations.ts';

/** What `verify` says of a copy of the database that was damaged. */
async function verifyDamaged(
  { template, project }: Example,
  mutation: Mutation,
): Promise<{ exitCode: number; named: boolean; said: string }> {
  await using database = await copyOf(template);
  await database.query(mutation.sql);
  const ran = await project.runWith({ DATABASE_URL: database.url }, 'verify', '--json');
  const [{ findings }] = ran.json as unknown as [{ findings: readonly Finding[] }];
  const said = findings.map(({ severity, why }) => `${severity}: ${why}`).join('\n');
  return { exitCode: ran.exitCode, named: said.includes(mutation.names), said };
}

interface Example {
  /** Has all its migrations; copied for each damage. */
  readonly template: TestDatabase;
  readonly project: TestProject;
}

function exampleProject(database: TestDatabase): TestProject {
  const project = createProject({}, database.url);
  cpSync('examples/vividly/migrations', `${project.folder}/migrations`, { recursive: true });
  return project;
}

describe.each(majors)('the example on PostgreSQL %i', (major) => {
  let example: Example;
  let mutations: readonly Mutation[];

  beforeAll(async () => {
    const template = await createTestDatabase(major);
    const project = exampleProject(template);
    example = { template, project };
    const ran = await project.run('up');
    if (ran.exitCode !== 0) throw new Error(ran.err);
    await using probe = await copyOf(template);
    const all = await mutationsOf(probe);
    // Whose words differ between majors has tests of its own: of the older one a part is enough.
    mutations = major === majors.at(-1) ? all : all.filter((_, index) => index % 4 === 0);
  });

  afterAll(async () => {
    example.project[Symbol.dispose]();
    await example.template.drop();
  });

  test('an intact database passes, with every kind of check', async () => {
    await using database = await copyOf(example.template);
    const ran = await example.project.runWith({ DATABASE_URL: database.url }, 'verify', '--json');
    expect(ran.exitCode, ran.out).toBe(0);
    const [{ checks }] = ran.json as unknown as [{ checks: readonly Check[] }];
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    const count = (kind: string): number => checks.filter((check) => check.kind === kind).length;
    expect(count('view-query')).toBe(4);
    const fired = checks.filter(({ kind }) => kind === 'trigger-fires').map(({ actual }) => actual);
    expect(fired).toEqual(['fires', 'fires', 'fires']);
  });

  test('every object that was dropped, disabled, weakened or rebuilt is named', async () => {
    expect(mutations.length).toBeGreaterThan(major === majors.at(-1) ? 150 : 35);
    const missed: string[] = [];
    const queue = [...mutations];
    const work = async (): Promise<void> => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const { exitCode, named, said } = await verifyDamaged(example, next);
        if (exitCode !== next.exitCode || !named) missed.push(`${next.sql} (exit ${exitCode})\n${said}`);
      }
    };
    await Promise.all(Array.from({ length: 3 }, work));
    expect(missed).toEqual([]);
  }, 600_000);

  test.each([
    ["delete from prompt_guardrails where name = 'toxic_content_filter'", 'toxic_content_filter', 50],
    ["update prompt_guardrails set severity = 'low' where name = 'toxic_content_filter'", 'toxic_content_filter', 0],
    ["delete from prompt_templates where name = 'nlu_topic_extraction'", 'nlu_topic_extraction', 50],
    ['alter table prompt_guardrails add column extra int', 'extra', 0],
    ['create index added_by_hand on prompt_templates (created_at)', 'added_by_hand', 0],
    ["comment on table prompt_guardrails is 'other'", 'prompt_guardrails', 50],
    ['create table somebody_elses (id int)', '', 0],
  ])('%s', async (sql, names, exitCode) => {
    const result = await verifyDamaged(example, {
      sql: `set session_replication_role = replica; ${sql}`,
      names,
      exitCode,
    });
    expect(result.exitCode, result.said).toBe(exitCode);
    expect(result.named, result.said).toBe(true);
  });
});

/** A copy that takes the place of its template: its OIDs are the same. */
async function copyOf(template: TestDatabase): Promise<TestDatabase> {
  const database = await createTestDatabase(template.major, template.name);
  const number = '(select oid from pg_database where datname = current_database())';
  await database.query(
    `update godwit.guard set database_oid = ${number} where to_regclass('godwit.guard') is not null`,
  );
  return database;
}
