import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { hasOtherNodes, otherNode } from '../support/other-node.ts';
import { createProject } from '../support/project.ts';
import { shippedGodwit, startProgram } from '../support/running.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

function filesOf(cache: string): readonly (readonly [name: string, writtenAt: number])[] {
  const folder = join(cache, 'code');
  return readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs] as const);
}

/** Node 20 is the machine’s. */
test.each(hasOtherNodes ? ['this', 22, 24, 26] : ['this'])(
  'on %s Node, commands say the same while the cache is made and with it, and do not write it again',
  async (major) => {
    const node = typeof major === 'number' ? await otherNode(major) : process.execPath;
    await using database = await createTestDatabase();
    using project = createProject(
      {
        'migrations/1_a.sql': 'create table a (id int primary key);',
        'godwit.config.ts':
          "const url: string = 'DATABASE_URL';\nexport default { environments: { local: { database: { env: url } } } };",
      },
      database.url,
    );
    // For so many, the program sets a flag of V8.
    for (let n = 2; n <= 2_100; n += 1)
      writeFileSync(join(project.folder, 'migrations', `${n}_a.sql`), `create table a${n} (id int primary key);`);
    const cache = join(project.folder, 'cache');
    const all = async () => {
      const said = [];
      for (const argv of [['--help'], ['check'], ['plan'], ['status'], ['explain', 'drift-taken']]) {
        const env = { DATABASE_URL: database.url, GODWIT_CACHE: cache };
        const { exitCode, shown } = await startProgram([node, shippedGodwit, ...argv], { cwd: project.folder, env })
          .ended;
        said.push({ argv, exitCode, shown: shown.replaceAll(/\d+(\.\d+)? m?s\b/g, 'TIME') });
      }
      return said;
    };
    const cold = await all();
    expect(cold.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 0]);
    expect(await all()).toEqual(cold);
    const files = filesOf(cache);
    expect(files.length).toBeGreaterThan(3);
    expect(await all()).toEqual(cold);
    expect(filesOf(cache)).toEqual(files);
  },
);

test.runIf(process.getuid?.() === 0)('a disk that is full, or read-only, changes nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-full-'));
  try {
    using disk = mountSmallDisk(folder, 4, 'us');
    const env = { HOME: folder };
    const start = async () => await startProgram([process.execPath, shippedGodwit, '--version'], { env }).ended;
    const cache = join(folder, '.cache', 'godwit');
    disk.fill();
    const full = await start();
    expect([full.exitCode, full.err]).toEqual([0, '']);
    expect(filesOf(cache)).toEqual([]);
    disk.close(true);
    expect(await start()).toEqual(full);
    expect(filesOf(cache)).toEqual([]);
    disk.close(false);
    disk.drain();
    expect(await start()).toEqual(full);
    expect(filesOf(cache)).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.runIf(process.getuid?.() === 0)('a user keeps and uses what is the user’s own, and nothing of root', async () => {
  const home = mkdtempSync(join(tmpdir(), 'godwit-user-'));
  try {
    chownSync(home, 65_534, 65_534);
    const start = (uid: number) =>
      spawnSync(process.execPath, [shippedGodwit, '--version'], { uid, gid: uid, cwd: '/', env: { HOME: home } });
    expect([start(0).status, readdirSync(home)]).toEqual([0, []]);
    expect([start(65_534).status, filesOf(join(home, '.cache', 'godwit')).length]).toEqual([0, 1]);
    // The first start keeps which code it needs, and the second one keeps the code.
    expect(start(65_534).status).toBe(0);
    const [[, writtenAt] = []] = filesOf(join(home, '.cache', 'godwit'));
    expect(start(65_534).status).toBe(0);
    expect(filesOf(join(home, '.cache', 'godwit'))).toEqual([[expect.any(String), writtenAt]]);

    const roots = join(home, 'roots');
    mkdirSync(roots);
    const refused = spawnSync(process.execPath, [shippedGodwit, '--version'], {
      uid: 65_534,
      gid: 65_534,
      cwd: '/',
      env: { HOME: home, GODWIT_CACHE: roots },
    });
    expect([refused.status, readdirSync(roots)]).toEqual([0, []]);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
