import { expect, test } from 'vitest';
import { deployAll } from '../../src/index.ts';
import { createTenants } from './tenants.ts';

test('deployAll tells how each database ended, and what is wrong with the call', async () => {
  await using tenants = await createTenants(2);
  const { project, home, all } = tenants;
  const options = { cwd: project.folder, env: { DATABASE_URL: home.url, HOME: project.folder } };
  const databases = all.map(({ name }) => name);
  const events = new Set<string>();
  const done = await deployAll({ ...options, databases, onEvent: ({ kind }) => events.add(kind) });
  expect(done).toMatchObject({ outcome: 'done', exitCode: 0, findings: [] });
  expect(done.databases.map(({ entry, applied }) => ({ entry, applied }))).toEqual(
    databases.map((entry) => ({ entry, applied: 2 })),
  );
  expect(events).toContain('migration.applied');
  const failed = await deployAll({ ...options, databases: [...databases, 'gone'], canary: 0 });
  expect(failed.exitCode).toBe(30);
  expect(failed.databases.map(({ outcome }) => outcome)).toEqual(['nothing-to-do', 'nothing-to-do', 'unreachable']);
  for (const wrong of [{}, { databases, schemasQuery: 'select 1' }, { databases: [] }, { databases: ['a', 'a'] }])
    expect((await deployAll({ ...options, ...wrong })).exitCode).toBe(2);
});
