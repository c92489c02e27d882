import { expect } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

/** A project whose migrations are applied. */
export async function appliedProject(
  database: TestDatabase,
  files: Readonly<Record<string, string>>,
): Promise<TestProject> {
  const project = createProject(files, database.url);
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  return project;
}

/** The same, each migration by a run of its own: then what was there before each is known. */
export async function appliedRunByRun(
  database: TestDatabase,
  files: Readonly<Record<string, string>>,
): Promise<TestProject> {
  const project = createProject(files, database.url);
  const versions = Object.keys(files).flatMap((file) => /\/(\d+)_[^.]*\.sql$/.exec(file)?.[1] ?? []);
  for (const version of versions) {
    const up = await project.run('up', '--to', version);
    expect(up.exitCode, up.err).toBe(0);
  }
  return project;
}

/** Rows of a table, or of a table with a condition. */
export async function count(database: TestDatabase, table: string): Promise<number> {
  const [row] = await database.query<{ n: number }>(`select count(*)::int as n from ${table}`);
  return row?.n ?? -1;
}

/** What became part of the history, a line each: `applied 1`. */
export async function history(database: TestDatabase): Promise<readonly string[]> {
  const rows = await database.query<{ row: string }>(
    "select kind || ' ' || id as row from godwit.migration order by seq",
  );
  return rows.map(({ row }) => row);
}
