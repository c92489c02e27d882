import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { createProject } from '../support/project.ts';
import { start } from './command.ts';
import { until } from '../support/child.ts';
import { elapse } from '../support/elapse.ts';
import { test } from '../support/test.ts';

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

test(
  'a rehearsal that is stopped changes nothing and leaves no server behind',
  { timeout: 180_000 },
  async ({ database }) => {
    const text = 'select pg_sleep(60);\ncreate table a (id int);';
    using project = createProject({ 'migrations/1_a.sql': text }, database.url);
    const before = throwaways();
    const adopt = start(project, database.url, 'adopt');
    // Other tests of this process may rehearse meanwhile: ours is the one that comes now.
    let folder: string | undefined;
    await until(
      'its server is made',
      () => (folder = throwaways().find((one) => !before.includes(one))) !== undefined,
      240_000,
    );
    await elapse(2_000, 'the rehearsal comes as far as its first statement');
    adopt.stop();
    const { exitCode, err } = await adopt.ended;
    expect(exitCode, err).toBe(130);
    expect(err).toContain('[interrupted]');
    expect(err).not.toContain('[adopt-not-proven]');
    expect(throwaways()).not.toContain(folder);
    expect(await database.query("select to_regnamespace('godwit') as s")).toEqual([{ s: null }]);
  },
);
