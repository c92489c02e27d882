import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const program = resolve('dist/godwit.cjs');

/** Runs the program as it is shipped: bundled, in a process of its own. */
async function godwit(
  cwd: string,
  url: string,
  ...argv: readonly string[]
): Promise<{ exitCode: number; text: string }> {
  try {
    const env = { PATH: process.env['PATH'] ?? '', HOME: cwd, DATABASE_URL: url };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...argv], { cwd, env });
    return { exitCode: 0, text: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exitCode: code, text: stdout + stderr };
  }
}

test('the program as it is shipped does what the sources do: COPY, barriers, triggers, rollback, adoption', async () => {
  await using database = await createTestDatabase();
  using project = createProject({
    'migrations/1_t.sql': 'create table t (id int primary key, n int);\nCOPY t (id, n) FROM stdin;\n1\t2\n\\.\n',
    'migrations/2_i.sql': 'create index concurrently t_n on t (n);',
    'migrations/2_i.down.sql': 'drop index concurrently t_n;',
    'migrations/3_f.sql':
      "create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger g before update on t for each row execute function f();",
    'migrations/3_f.down.sql': 'drop trigger g on t; drop function f();',
  });
  const run = (...argv: readonly string[]): ReturnType<typeof godwit> => godwit(project.folder, database.url, ...argv);
  for (const line of [
    'up',
    'status',
    'verify --strict',
    'down --to 1',
    'up --dry-run',
    'up',
    'runs list',
    'runs verify-chain',
    'explain out-of-order',
    'adopt',
    'completion bash',
  ]) {
    const { exitCode, text } = await run(...line.split(' '));
    expect(exitCode, `${line}\n${text}`).toBe(0);
  }
  expect(await database.query('select n from t')).toEqual([{ n: 2 }]);
  const failed = await run('up', '--to', '99');
  expect(failed.exitCode).toBe(2);
  expect(failed.text).toContain('unknown-version');
});
