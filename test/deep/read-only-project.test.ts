import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { missing, programPath } from '../support/tools.ts';

const isRoot = process.getuid?.() === 0;
const files = { 'migrations/1_a.sql': 'create table a (id int);', 'migrations/2_b.sql': 'create table b (id int);' };

/** Nobody can write in the folder any more: by its rights, which root does not heed, or by a mount. */
function makeReadOnly({ folder }: TestProject): Disposable {
  if (!isRoot) {
    chmodSync(folder, 0o555);
    return { [Symbol.dispose]: () => chmodSync(folder, 0o755) };
  }
  mount('--bind', folder, folder);
  mount('-o', 'remount,ro,bind', folder);
  return { [Symbol.dispose]: () => void spawnSync(programPath('umount') ?? 'umount', ['--lazy', folder]) };
}

function mount(...args: readonly string[]): void {
  const ran = spawnSync(programPath('mount') ?? 'mount', args, { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`mount ${args.join(' ')}: ${ran.stderr}`);
}

describe.skipIf(isRoot && missing('mount'))('F6: a project that cannot be written', () => {
  test('is migrated: what only informs lies in a temporary folder, or in GODWIT_HOME', async () => {
    await using database = await createTestDatabase();
    using project = createProject(files, database.url);
    using _frozen = makeReadOnly(project);
    const up = await project.run('up', '--to', '1');
    expect(up.exitCode, up.err).toBe(0);
    expect((await project.run('status')).exitCode).toBe(0);
    const home = mkdtempSync(join(tmpdir(), 'godwit-test-home-'));
    try {
      const env = { GODWIT_HOME: home };
      const detached = await project.runWith(env, 'up', '--detach');
      expect(detached.exitCode, detached.err).toBe(0);
      const run = /runs attach (\w+)/.exec(detached.err)?.[1] ?? '';
      const attached = await project.runWith(env, 'runs', 'attach', run);
      expect(attached.exitCode, attached.err).toBe(0);
      expect(readdirSync(home).length).toBe(1);
      const listed = await project.runWith(env, 'runs', 'list');
      expect(listed.out + listed.shown).toContain(run.slice(0, 10));
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
    expect(await database.query("select count(*)::int as n from godwit.migration where kind = 'applied'")).toEqual([
      { n: 2 },
    ]);
    expect(readdirSync(project.folder).sort()).toEqual(['migrations']);
  });

  test('F11: its database is settled, with a warning that the lock file is not; the same command elsewhere writes it', async () => {
    await using prod = await createTestDatabase();
    await using old = await createTestDatabase();
    const environments = { stg: { database: { env: 'STG_URL' }, checkpoint: 'never' } };
    using project = createProject({ ...files, 'godwit.config.json': JSON.stringify({ environments }) });
    const settle = ['adopt', '--identity', '--reason', 'a copy', '-e', 'stg'];
    for (const database of [old, prod]) {
      expect((await project.runWith({ STG_URL: database.url }, 'up', '-e', 'stg', '--to', '1')).exitCode).toBe(
        database === old ? 0 : 10,
      );
    }
    {
      using _frozen = makeReadOnly(project);
      const settled = await project.runWith({ STG_URL: prod.url }, ...settle);
      expect(settled.exitCode, settled.shown).toBe(0);
      expect(settled.shown).toContain('Run the same command where the project is writable');
    }
    const again = await project.runWith({ STG_URL: prod.url }, ...settle);
    expect([again.exitCode, again.shown]).toEqual([0, expect.not.stringContaining('project is writable')]);
    const up = await project.runWith({ STG_URL: prod.url }, 'up', '-e', 'stg');
    expect(up.exitCode, up.shown).toBe(0);
  });
});
