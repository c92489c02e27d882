import { expect } from 'vitest';
import type { Finding } from '../../src/kit/finding.ts';
import type { Check } from '../../src/migrate/contract/model.ts';
import type { TestDatabase } from './database.ts';
import { createProject, type TestProject } from './project.ts';

/** The answer of `verify` about followed rows. */
interface Verified {
  readonly exitCode: number;
  readonly failed: readonly string[];
  readonly findings: readonly Finding[];
  /** Rows that are as the migration wrote them. */
  readonly intact: number;
}

/** Runs `verify`. */
export async function verify(project: TestProject, ...options: readonly string[]): Promise<Verified> {
  const ran = await project.run('verify', '--json', ...options);
  const { checks, findings } = JSON.parse(ran.out) as {
    readonly checks: readonly Check[];
    readonly findings: readonly Finding[];
  };
  const failed = checks.filter(({ ok, kind }) => !ok && kind === 'seed-row');
  const intact = checks.find(({ kind }) => kind === 'seed-rows');
  return {
    exitCode: ran.exitCode,
    failed: failed.map(({ object, actual, severity }) => `${severity}: ${object} ${actual}`),
    findings,
    intact: Number(intact?.actual.split(' ')[0] ?? 0),
  };
}

/** Runs `up`, which must succeed. */
export async function up(project: TestProject): Promise<readonly Finding[]> {
  const ran = await project.run('up', '--json');
  expect(ran.exitCode, ran.out + ran.err).toBe(0);
  return ran.json.flatMap((event) => (event.kind === 'finding' ? [event.finding] : []));
}

/** Notes about rows that are not followed: line, table, how many. */
export function notFollowed(findings: readonly Finding[]): readonly string[] {
  return findings.flatMap(({ code, why, where }) =>
    code === 'seed-not-followed' ? [`${where?.line ?? ''} ${why.split('. ')[0] ?? ''}`] : [],
  );
}

/** A table with three rows. */
export const currencies = `create table currencies (code text primary key, name text not null, rank int);
insert into currencies (code, name) values ('EUR', 'Euro'), ('GBP', 'Pound'), ('JPY', 'Yen');`;

/** A project whose first migration has run. */
export async function seeded(database: TestDatabase, sql: string): Promise<TestProject> {
  const project = createProject({ 'migrations/1_seeds.sql': sql }, database.url);
  await up(project);
  return project;
}
