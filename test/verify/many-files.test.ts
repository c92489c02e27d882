import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

test('of very many files, those with checks of the user are found wherever they are', async () => {
  await using database = await createTestDatabase();
  const withChecks = new Set([1, 64, 65, 129, 130]);
  const files = Array.from({ length: 130 }, (_, index) => {
    const n = index + 1;
    const check = withChecks.has(n) && n !== 65 ? `-- godwit: expect select count(*) from t${n} => 0\n` : '';
    return [`migrations/${n}_t.sql`, `${check}create table t${n} (id int);\n`] as const;
  });
  const script = ['migrations/65_t.verify.sql', 'select count(*) = 0 from t65;\n'] as const;
  using project = createProject(Object.fromEntries([...files, script]), database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  expect((await project.run('verify')).exitCode).toBe(0);
  for (const n of withChecks) await database.query(`insert into t${n} values (1)`);
  const { exitCode, out } = await project.run('verify', '--json');
  expect(exitCode).toBe(50);
  const { checks } = JSON.parse(out) as {
    readonly checks: readonly { readonly ok: boolean; readonly migration: string }[];
  };
  const failed = checks.filter(({ ok }) => !ok).map(({ migration }) => Number(migration));
  expect(failed.toSorted((a, b) => a - b)).toEqual([...withChecks]);
});
