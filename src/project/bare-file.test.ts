import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findBareFile } from './bare-file.ts';

const repository = mkdtempSync(join(tmpdir(), 'godwit-bare-'));
const backend = join(repository, 'backend');
mkdirSync(join(backend, 'migrations'), { recursive: true });
writeFileSync(join(backend, 'migrations', 'x.sql'), 'select 1');
writeFileSync(join(repository, 'secret.sql'), 'select 1');
afterAll(() => rmSync(repository, { recursive: true }));

const wide = { root: repository, migrations: { path: join(backend, 'migrations'), label: 'backend/migrations' } };
const deep = { root: repository, migrations: { path: join(backend, 'migrations', 'ordered'), label: '' } };
const narrow = { root: backend, migrations: { path: join(backend, 'migrations'), label: 'migrations' } };
const file = join(backend, 'migrations', 'x.sql');

test.each([
  ['the path of the repository, typed in it', wide, repository, 'backend/migrations/x.sql', 0],
  ['the path of the container, typed in the repository', wide, repository, 'migrations/x.sql', 1],
  ['the path of the container, with the ordered migrations in a folder below', deep, repository, 'migrations/x.sql', 1],
  ['the absolute path of the container', wide, repository, '/app/migrations/x.sql', 1],
  ['the path of the repository, typed elsewhere', wide, tmpdir(), 'backend/migrations/x.sql', 1],
  ['the path of the repository, typed in the project below it', narrow, backend, 'backend/migrations/x.sql', 1],
  ['the path in the project', narrow, backend, 'migrations/x.sql', 0],
])('%s names the file (`file-found-elsewhere`)', (_, places, cwd, typed, notes) => {
  const found = findBareFile(places, cwd, typed);
  expect(found).toMatchObject({ ok: true, value: { path: file } });
  expect(found.ok && found.value.findings.map(({ code }) => code)).toEqual(Array(notes).fill('file-found-elsewhere'));
});

test('a file that is nowhere is reported with the places that were tried', () => {
  expect(findBareFile(wide, repository, 'migrations/y.sql')).toMatchObject({
    ok: false,
    findings: [{ code: 'file-unreadable', why: 'There is no file migrations/y.sql, nor backend/migrations/y.sql.' }],
  });
});

test('no file outside of the project is taken for another', () => {
  expect(findBareFile(narrow, backend, '/app/../secret.sql')).toMatchObject({ ok: false });
});
