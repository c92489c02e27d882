import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFolder } from '../../adapters/files/folder.ts';
import { nodeHashing } from '../../adapters/files/hashing.ts';
import { readBareFile } from './read-bare-file.ts';
import { readFolder } from './read-folder.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'godwit-read-'));
  mkdirSync(join(root, 'migrations'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, 'migrations', name), content);
}

function read(): ReturnType<typeof readFolder> {
  return readFolder(openFolder(join(root, 'migrations'), 'migrations'), nodeHashing);
}

async function codes(): Promise<readonly string[]> {
  const result = await read();
  return result.ok ? [] : result.findings.map(({ code, where }) => `${code} ${where?.file}`);
}

test('migrations come in the order of their versions as integers, with their companions', async () => {
  write({ '10_c.sql': 'c', '0009_b.sql': 'b', '0009_b.down.sql': 'd', '0009_b.verify.sql': 'v', '001_a.x.sql': 'a' });
  write({ '99999999999999999999999_z.sql': 'z', 'README.md': '', '.hidden.sql': '', 'x.txt': '' });
  const result = await read();
  if (!result.ok) throw new Error(JSON.stringify(result.findings));
  expect(result.value.migrations.map(({ id, name }) => `${id} ${name}`)).toEqual([
    '1 a.x',
    '9 b',
    '10 c',
    '99999999999999999999999 z',
  ]);
  expect(result.value.migrations[1]).toMatchObject({
    up: { file: 'migrations/0009_b.sql', size: 1 },
    down: { file: 'migrations/0009_b.down.sql' },
    verify: { file: 'migrations/0009_b.verify.sql' },
  });
});

test('the checksum is SHA-256 of the bytes without BOM and with LF line ends', async () => {
  const lone = 'select 1;\rselect 2;\n';
  write({ '1_a.sql': 'select 1;\n\n', '2_b.sql': '\ufeffselect 1;\r\n\r\n', '3_c.sql': lone, '4_d.sql': `${lone}\r` });
  const result = await read();
  if (!result.ok) throw new Error(JSON.stringify(result.findings));
  const sums = result.value.migrations.map(({ up }) => up.checksum);
  expect(sums[0]).toBe(nodeHashing.sha256().update('select 1;\n\n').hex());
  expect(sums[1]).toBe(sums[0]);
  expect(sums[2]).toBe(nodeHashing.sha256().update(lone).hex());
  expect(sums[3]).toBe(nodeHashing.sha256().update(`${lone}\r`).hex());
});

test('a checksum does not depend on where the pieces of a large file end', async () => {
  const text = `${'x'.repeat(1024 * 1024 - 1)}\r\n${'y'.repeat(1024 * 1024 - 1)}\rz\r\n`;
  write({ '1_big.sql': text });
  const result = await read();
  if (!result.ok) throw new Error(JSON.stringify(result.findings));
  expect(result.value.migrations[0]?.up.checksum).toBe(
    nodeHashing.sha256().update(text.replaceAll('\r\n', '\n')).hex(),
  );
});

test('1 and 001 are the same version: both files are named', async () => {
  write({ '1_a.sql': '', '001_b.sql': '', '001_b.down.sql': '' });
  const result = await read();
  expect(result.ok ? [] : result.findings.map(({ code, why }) => `${code}: ${why}`)).toEqual([
    'migration-twice: migrations/001_b.sql and migrations/1_a.sql both have version 1.',
  ]);
});

test('every file that cannot be a migration is reported at once (`migration-no-version`, `migration-orphan`)', async () => {
  write({
    'users.sql': '',
    'v1_flyway.sql': '',
    'rollback_x.sql': '',
    '1-a.sql': '',
    '2.sql': '',
    '12a_x.sql': '',
    '7_UP.SQL': '',
  });
  write({ "3_it's.sql": '', '4_a b.sql': '', '5_$(x).sql': '', '6_new\nline.sql': '', '9_x.down.sql': '' });
  mkdirSync(join(root, 'migrations', '8_folder.sql'));
  expect(await codes()).toEqual([
    'migration-no-version migrations/1-a.sql',
    'migration-no-version migrations/12a_x.sql',
    'migration-no-version migrations/2.sql',
    "migration-odd-name migrations/3_it's.sql",
    'migration-odd-name migrations/4_a b.sql',
    'migration-odd-name migrations/5_$(x).sql',
    'migration-odd-name migrations/6_new?line.sql',
    'migration-odd-name migrations/7_UP.SQL',
    'migration-not-a-file migrations/8_folder.sql',
    'migration-orphan migrations/9_x.down.sql',
    'migration-no-version migrations/rollback_x.sql',
    'migration-no-version migrations/users.sql',
    'migration-no-version migrations/v1_flyway.sql',
  ]);
});

test('a file without version is told how to run alone or to get one', async () => {
  write({ 'v1_flyway.sql': '', 'users.sql': '' });
  const result = await read();
  expect(result.ok ? [] : result.findings.map(({ fix }) => fix)).toEqual([
    'To run it as a standalone script: `godwit up --file migrations/users.sql`. To make it a migration, give it a version: 0001_users.sql.',
    'Rename it to 1_flyway.sql.',
  ]);
});

test('links stay inside the folder; pipes and dead links are no files (`migration-not-a-file`, `migration-outside`)', async () => {
  writeFileSync(join(root, 'secret.sql'), 'select 1');
  write({ '1_real.sql': 'select 1' });
  symlinkSync(join(root, 'secret.sql'), join(root, 'migrations', '2_out.sql'));
  symlinkSync('../secret.sql', join(root, 'migrations', '3_up.sql'));
  symlinkSync('1_real.sql', join(root, 'migrations', '4_in.sql'));
  symlinkSync('nowhere.sql', join(root, 'migrations', '5_dead.sql'));
  execFileSync('mkfifo', [join(root, 'migrations', '6_pipe.sql')]);
  expect(await codes()).toEqual([
    'migration-outside migrations/2_out.sql',
    'migration-outside migrations/3_up.sql',
    'migration-not-a-file migrations/5_dead.sql',
    'migration-not-a-file migrations/6_pipe.sql',
  ]);
});

test('a folder that is missing, or is a file, has a code (`folder-missing`)', async () => {
  writeFileSync(join(root, 'file'), '');
  for (const name of ['nowhere', 'file']) {
    const result = await readFolder(openFolder(join(root, name), name), nodeHashing);
    expect(result.ok ? [] : result.findings.map(({ code }) => code)).toEqual(['folder-missing']);
  }
});

test('a name cannot lead out of the folder', async () => {
  const folder = openFolder(join(root, 'migrations'), 'migrations');
  writeFileSync(join(root, 'secret.sql'), 'select 1');
  await expect(folder.open('../secret.sql')).rejects.toThrow('not a name of a file in a folder');
  await expect(folder.open('..')).rejects.toThrow('not a name of a file in a folder');
});

test('a bare file has its name as id, and its rollback beside it (`file-unreadable`)', async () => {
  write({ 'add_x.sql': 'select 1', 'rollback_add_x.sql': 'select 2', 'add_x.verify.sql': 'select 3', 'other.sql': '' });
  const folder = openFolder(join(root, 'migrations'), 'migrations');
  const result = await readBareFile(folder, 'add_x.sql', nodeHashing);
  expect(result).toMatchObject({
    ok: true,
    value: {
      id: 'file:add_x',
      name: 'add_x',
      up: { file: 'migrations/add_x.sql' },
      down: { file: 'migrations/rollback_add_x.sql' },
      verify: { file: 'migrations/add_x.verify.sql' },
    },
  });
  expect(await readBareFile(folder, 'missing.sql', nodeHashing)).toMatchObject({
    findings: [{ code: 'file-unreadable' }],
  });
});

test('two files may have one version where one replaces the other; what is replaced stands in front', async () => {
  write({
    '1_a.sql': 'a',
    '2_b.sql': 'b',
    '2_b.down.sql': 'd',
    '2_all.sql': '/* All. */\n-- godwit: replaces 1..2\nab',
    '2_all.verify.sql': 'v',
  });
  const result = await read();
  if (!result.ok) throw new Error(JSON.stringify(result.findings));
  expect(
    result.value.migrations.map(({ name, replaces, down, verify }) => [
      name,
      replaces?.ranges,
      down?.file,
      verify?.file,
    ]),
  ).toEqual([
    ['a', undefined, undefined, undefined],
    ['b', undefined, 'migrations/2_b.down.sql', undefined],
    ['all', [{ from: '1', to: '2' }], undefined, 'migrations/2_all.verify.sql'],
  ]);
});

test('a squashed file of that version that replaces others, or two that replace it, are one too many (`migration-twice`)', async () => {
  write({ '1_a.sql': 'a', '2_b.sql': 'b', '2_all.sql': '-- godwit: replaces 1\nab' });
  expect(await codes()).toEqual(['migration-twice migrations/2_b.sql']);
  write({ '2_all.sql': '-- godwit: replaces 1..2\nab', '2_too.sql': '-- godwit: replaces 1..2\nab' });
  expect(await codes()).toEqual(['migration-twice migrations/2_too.sql']);
});
