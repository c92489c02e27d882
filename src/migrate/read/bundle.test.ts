import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFolder } from '../../adapters/files/folder.ts';
import { nodeHashing } from '../../adapters/files/hashing.ts';
import { createParser } from '../../adapters/parser/libpg-query.ts';
import type { Bundle } from '../contract/ports.ts';
import { createBundle, openScriptsOf } from './bundle.ts';
import { readFolder } from './read-folder.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'godwit-bundle-'));
  writeFileSync(join(root, '1_a.sql'), '\ufeffselect 1;\r\n');
  writeFileSync(join(root, '1_a.down.sql'), 'select 2;');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function bundle(): Promise<Bundle> {
  const folder = openFolder(root, 'migrations');
  const read = await readFolder(folder, nodeHashing);
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  const options = { layout: 'native', migrations: read.value.migrations, open: openScriptsOf(folder) } as const;
  return createBundle(options, { parser: createParser(), hashing: nodeHashing });
}

test('the hash tells names, versions and contents apart, companions included, line ends not', async () => {
  const before = (await bundle()).hash;
  writeFileSync(join(root, '1_a.sql'), 'select 1;\n');
  expect((await bundle()).hash).toBe(before);
  writeFileSync(join(root, '1_a.down.sql'), 'select 3;');
  expect((await bundle()).hash).not.toBe(before);
});

test('each script is analysed once, and its body has no BOM', async () => {
  const made = await bundle();
  const [migration] = made.migrations;
  const first = made.analysis(migration!, 'up');
  expect(made.analysis(migration!, 'up')).toBe(first);
  expect(await first).toMatchObject({ ok: true, value: { bom: 3, statements: [{ start: 0, end: 8 }] } });
  const body = await made.body(migration!, 'up');
  expect(new TextDecoder().decode(await body.read(0, 8))).toBe('select 1');
  expect(await made.analysis(migration!, 'down')).toMatchObject({ ok: true });
});

test('what is analysed is what was hashed, even if a small file was saved in between', async () => {
  const made = await bundle();
  const [migration] = made.migrations;
  writeFileSync(join(root, '1_a.sql'), 'select 4; select 5;');
  rmSync(join(root, '1_a.down.sql'));
  expect(await made.analysis(migration!, 'up')).toMatchObject({ ok: true, value: { statements: [{ tag: 'SELECT' }] } });
  expect(await made.analysis(migration!, 'down')).toMatchObject({ ok: true });
});

test('a large file that vanished or changed since the folder was read is a finding', async () => {
  const large = `select 1; -- ${'x'.repeat(300_000)}\n`;
  writeFileSync(join(root, '1_a.sql'), large);
  writeFileSync(join(root, '1_a.down.sql'), large);
  const made = await bundle();
  const [migration] = made.migrations;
  writeFileSync(join(root, '1_a.sql'), large.replace('1', '4'));
  rmSync(join(root, '1_a.down.sql'));
  expect(await made.analysis(migration!, 'up')).toMatchObject({ ok: false, findings: [{ code: 'file-moved-on' }] });
  expect(await made.analysis(migration!, 'down')).toMatchObject({ ok: false, findings: [{ code: 'file-unreadable' }] });
});
