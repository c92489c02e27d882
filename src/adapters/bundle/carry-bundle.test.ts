import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createBundle, openScriptsOf } from '../../migrate/read/bundle.ts';
import { readFolder } from '../../migrate/read/read-folder.ts';
import type { Bundle } from '../../migrate/contract/ports.ts';
import { createProject } from '../../../test/support/project.ts';
import { openFolder } from '../files/folder.ts';
import { nodeHashing } from '../files/hashing.ts';
import { createParser } from '../parser/libpg-query.ts';
import { bundleFiles } from './bundle-files.ts';
import { bundleInVariable, carryBundle } from './carry-bundle.ts';

async function bundleFrom(files: Readonly<Record<string, string>>): Promise<Bundle> {
  using project = createProject(files, '');
  const folder = openFolder(join(project.folder, 'migrations'), 'migrations');
  const read = await readFolder(folder, nodeHashing);
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  const parser = createParser();
  await parser.load();
  const options = { layout: 'native', migrations: read.value.migrations, open: openScriptsOf(folder) } as const;
  const bundle = createBundle(options, { parser, hashing: nodeHashing });
  // The folder is removed below; what was read once is kept in memory.
  const kept = await bundleFiles(bundle);
  if (!kept.ok) throw new Error(JSON.stringify(kept.findings));
  const copies = new Map<string, Uint8Array>();
  for (const migration of bundle.migrations)
    for (const role of ['up', 'down', 'verify'] as const) {
      if (migration[role] === undefined) continue;
      const source = await bundle.body(migration, role);
      copies.set(`${migration.id}:${role}`, await source.read(0, source.size));
    }
  return {
    ...bundle,
    body: (migration, role) => {
      const bytes = copies.get(`${migration.id}:${role}`) ?? new Uint8Array();
      return Promise.resolve({ size: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) });
    },
  };
}

const few = {
  'migrations/1_a.sql': "-- ümlaut\ncreate table a (n int, t text default 'é');",
  'migrations/1_a.down.sql': 'drop table a;',
  'migrations/2_b.sql': 'create index concurrently b on a (n);',
};

describe('a bundle on its way to a runner far away', () => {
  test('fits in a variable when it is small, and arrives as it was', async () => {
    const bundle = await bundleFrom(few);
    const carried = await carryBundle(bundle);
    if (!carried.ok || carried.value.kind !== 'variable') throw new Error('it should fit');
    expect(carried.value.value.length).toBeLessThanOrEqual(32_768);
    const arrived = await bundleInVariable(carried.value.value, nodeHashing);
    if (!arrived.ok) throw new Error(JSON.stringify(arrived.findings));
    expect(arrived.value.hash).toBe(bundle.hash);
    expect(arrived.value.migrations).toEqual(bundle.migrations);
    const [first] = arrived.value.migrations;
    const body = await arrived.value.body(first!, 'up');
    expect(Buffer.from(await body.read(0, body.size)).toString()).toBe(few['migrations/1_a.sql']);
    expect(await arrived.value.analysis(first!, 'down')).toEqual(await bundle.analysis(first!, 'down'));
  });

  test('holds the two directions of one file as scripts of their own, with their places in it', async () => {
    const text = '-- migrate:up transaction:false\ncreate table a (n int);\n\n-- migrate:down\ndrop table a;\n';
    const bundle = await bundleFrom({ 'migrations/1_a.sql': text });
    const carried = await carryBundle(bundle);
    if (!carried.ok || carried.value.kind !== 'variable') throw new Error('it should fit');
    const arrived = await bundleInVariable(carried.value.value, nodeHashing);
    if (!arrived.ok) throw new Error(JSON.stringify(arrived.findings));
    const [first] = arrived.value.migrations;
    expect(arrived.value.hash).toBe(bundle.hash);
    expect(first).toMatchObject({ up: { file: 'migrations/1_a.sql' }, down: { file: 'migrations/1_a.sql' } });
    const body = await arrived.value.body(first!, 'up');
    expect(Buffer.from(await body.read(0, body.size)).toString()).toBe('create table a (n int);\n\n');
    expect(await arrived.value.analysis(first!, 'up')).toMatchObject({
      value: { statements: [{ line: 2, column: 1 }], directives: { transaction: 'none' } },
    });
    expect(await arrived.value.analysis(first!, 'down')).toMatchObject({ value: { statements: [{ line: 5 }] } });
  });

  test('has the same value each time', async () => {
    const values = [await carryBundle(await bundleFrom(few)), await carryBundle(await bundleFrom(few))];
    expect(values[0]).toEqual(values[1]);
  });

  test('becomes files for a layer when it does not fit', async () => {
    const noise = Array.from({ length: 900 }, (_, at) => createHash('sha512').update(String(at)).digest('base64'));
    const rows = noise.map((text) => `insert into a values ('${text}');`).join('\n');
    const carried = await carryBundle(await bundleFrom({ 'migrations/1_a.sql': rows }));
    if (!carried.ok || carried.value.kind !== 'layer') throw new Error('it should not fit');
    expect(carried.value.files.map(({ name }) => name.replace(/[0-9a-f]{64}/, 'HASH'))).toEqual([
      'manifest.json',
      'bodies/HASH.up.sql',
    ]);
  });

  test('an archive whose head does not fit its bytes is refused as damaged', async () => {
    const archive = Buffer.from('[["manifest.json",2]]\n{} and more');
    const arrived = await bundleInVariable(brotliCompressSync(archive).toString('base64'), nodeHashing);
    expect(arrived).toMatchObject({
      findings: [{ code: 'bundle-damaged', why: expect.stringContaining('length') as string }],
    });
  });

  test.each([
    ['cut in the middle', (value: string) => value.slice(0, value.length / 2)],
    ['of other letters', () => 'SELECT 1'],
    ['empty', () => ''],
    [
      'with one character changed',
      (value: string) => `${value.slice(0, 200)}${value[200] === 'A' ? 'B' : 'A'}${value.slice(201)}`,
    ],
  ])('a value %s is refused as damaged', async (_, spoil) => {
    const carried = await carryBundle(await bundleFrom(few));
    if (!carried.ok || carried.value.kind !== 'variable') throw new Error('it should fit');
    const arrived = await bundleInVariable(spoil(carried.value.value), nodeHashing);
    expect(arrived.ok ? 'accepted' : arrived.findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['bundle-damaged']),
    );
  });
});
