import { expect } from 'vitest';
import type { TestProject } from '../support/project.ts';

/** The first migrations of `someHistory`. */
export const files = {
  'migrations/1_a.sql': 'create table a (id int primary key, name text);\ncreate index a_name on a (name);',
  'migrations/2_b.sql': 'create table b (id int);\ninsert into b values (1);',
};

/** Two runs that migrate, one that fails before it applies anything, and a command. */
export async function someHistory(project: TestProject): Promise<void> {
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('migrations/3_c.sql', 'select oops;');
  expect((await project.run('up')).exitCode).toBe(40);
  project.write('migrations/3_c.sql', 'alter table a add column more int; drop table b;');
  expect((await project.run('up')).exitCode).toBe(0);
  expect((await project.run('exec', '--', 'true')).exitCode).toBe(0);
}

/** The id of a run by its number, as SQL. */
export const run = (n: number): string => `(select run from godwit.run where n = ${n})`;
