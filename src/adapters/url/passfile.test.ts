import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DatabaseAddress } from '../postgres/address.ts';
import { findPassword, passwordIn } from './passfile.ts';

const address: DatabaseAddress = { host: 'db.internal', port: 5432, database: 'shop', user: 'app', tls: 'disable' };

test.each([
  ['db.internal:5432:shop:app:right', 'right'],
  ['*:*:*:*:right', 'right'],
  ['# a comment\n\ndb.internal:5432:shop:app:right', 'right'],
  ['db.internal:5433:*:*:wrong\ndb.internal:*:*:app:right\n*:*:*:*:later', 'right'],
  ['db.internal:5432:shop:app:a\\:b\\\\c', 'a:b\\c'],
  ['db.internal:5432:shop:app:cut:here', 'cut'],
  ['db\\.internal:5432:shop:app:right\r\n', 'right'],
  ['db.internal:5432:shop:app', undefined],
  ['DB.internal:5432:shop:app:wrong', undefined],
  ['db.*:5432:shop:app:wrong', undefined],
  ['', undefined],
])('the password file %j gives the password %j', (text, password) => {
  expect(passwordIn(text, address)).toBe(password);
});

test('a line for localhost fits a socket folder', () => {
  expect(passwordIn('localhost:5432:*:*:right', { ...address, host: '/var/run/postgresql' })).toBe('right');
  expect(passwordIn('/srv/sockets:5432:*:*:right', { ...address, host: '/srv/sockets' })).toBe('right');
});

test('the file of the URL goes before PGPASSFILE, and that before ~/.pgpass; an open one is not used (`passfile-ignored`)', () => {
  const home = mkdtempSync(join(tmpdir(), 'godwit-test-home-'));
  const write = (name: string, password: string, mode = 0o600): string => {
    writeFileSync(join(home, name), `*:*:*:*:${password}\n`, { mode });
    chmodSync(join(home, name), mode);
    return join(home, name);
  };
  try {
    expect(findPassword(address, undefined, { HOME: home })).toEqual({});
    write('.pgpass', 'home');
    const PGPASSFILE = write('env', 'env');
    const named = write('named', 'named');
    expect(findPassword(address, undefined, { HOME: home })).toEqual({ password: 'home' });
    expect(findPassword(address, undefined, { HOME: home, PGPASSFILE })).toEqual({ password: 'env' });
    expect(findPassword(address, named, { HOME: home, PGPASSFILE })).toEqual({ password: 'named' });
    const open = findPassword(address, write('open', 'open', 0o644), {});
    expect(open).toMatchObject({ finding: { code: 'passfile-ignored', severity: 'warning' } });
    expect(open).not.toHaveProperty('password');
    expect(findPassword(address, join(home, 'none'), {}).finding?.why).toContain('ENOENT');
  } finally {
    rmSync(home, { recursive: true });
  }
});
