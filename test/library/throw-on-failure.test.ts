import { expect, test } from 'vitest';
import { deploy, down, GodwitError, status } from '../../src/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = {
  'migrations/0001_users.sql': 'CREATE TABLE users (id int PRIMARY KEY);',
  'migrations/0002_orders.sql': 'CREATE TABLE orders (id int REFERENCES usrs);',
};

test('throwOnFailure rejects with a GodwitError that has the code, the findings and the exit code', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files);
  const options = { cwd: project.folder, env: { DATABASE_URL: database.url } };
  const applied = await deploy({ ...options, throwOnFailure: true }).catch((error: unknown) => error);
  expect(applied).toBeInstanceOf(GodwitError);
  expect(applied).toMatchObject({ code: 'statement-failed', exitCode: 40, findings: [{ code: 'statement-failed' }] });
  const undone = await down({ ...options, throwOnFailure: true }).catch((error: unknown) => error);
  expect(undone).toMatchObject({ name: 'GodwitError', code: 'down-missing', exitCode: 10 });
  expect((undone as Error).message).toContain('[down-missing]');
  // What succeeds resolves, as without the option.
  await expect(status({ ...options, throwOnFailure: true })).resolves.toMatchObject({ exitCode: 0 });
  await expect(deploy(options)).resolves.toMatchObject({ exitCode: 40, outcome: 'failed' });
});
