import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { start } from './command.ts';

/** Folders of throwaway servers of this process. */
function throwaways(): readonly string[] {
  return ['/dev/shm', '/tmp'].flatMap((root) => {
    try {
      return readdirSync(root).filter((name) => name.startsWith(`godwit-rehearsal-${process.pid}-`));
    } catch {
      return [];
    }
  });
}

test('a rehearsal that is stopped changes nothing and leaves no server behind', { timeout: 180_000 }, async () => {
  await using database = await createTestDatabase();
  const text = 'select pg_sleep(60);\ncreate table a (id int);';
  using project = createProject({ 'migrations/1_a.sql': text }, database.url);
  const before = throwaways();
  const adopt = start(project, database.url, 'adopt');
  // Other tests of this process may rehearse meanwhile: ours is the one that comes now.
  const own = async (): Promise<string> => {
    for (;;) {
      const [name] = throwaways().filter((one) => !before.includes(one));
      if (name !== undefined) return name;
      await sleep(20);
    }
  };
  const folder = await own();
  await sleep(3_000);
  adopt.stop();
  const { exitCode, err } = await adopt.ended;
  expect(exitCode, err).toBe(130);
  expect(err).toContain('[interrupted]');
  expect(err).not.toContain('[adopt-not-proven]');
  expect(throwaways()).not.toContain(folder);
  expect(await database.query("select to_regnamespace('godwit') as s")).toEqual([{ s: null }]);
});
