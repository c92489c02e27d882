import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finishExchange, isExchanging } from './exchange.ts';
import { serverHome, writeState } from './home.ts';

/** The steps of an exchange; a process may be killed after any of them. */
const steps: readonly ((folder: string) => void)[] = [
  (folder) => renameSync(join(folder, 'data'), join(folder, 'data-15')),
  (folder) => renameSync(join(folder, 'upgrade/data'), join(folder, 'data')),
  (folder) => writeFileSync(join(folder, 'server-15.json'), JSON.stringify(state(15))),
  (folder) => writeFileSync(join(folder, 'server.json'), JSON.stringify({ ...state(18), port: 15 })),
];
const state = (major: number) => ({ major, version: `${major}.1`, port: major, password: `of ${major}` });

test.each([0, 1, 2, 3, 4])('an exchange that was killed behind step %i is finished by whoever comes next', (done) => {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-exchange-'));
  // As root the server runs under another account, which must be able to enter.
  chmodSync(folder, 0o711);
  const home = serverHome(folder);
  for (const [path, major] of [
    ['', 15],
    ['upgrade', 18],
  ] as const) {
    mkdirSync(join(folder, path, 'data'), { recursive: true });
    writeFileSync(join(folder, path, 'data/PG_VERSION'), `${major}\n`);
    writeState({ ...home, state: join(folder, path, 'server.json') }, state(major));
  }
  finishExchange(home);
  // The new data are not complete yet.
  expect(readFileSync(join(folder, 'data/PG_VERSION'), 'utf8')).toBe('15\n');
  writeFileSync(join(folder, 'upgrade/complete'), '');
  for (const step of steps.slice(0, done)) step(folder);
  finishExchange(home);
  finishExchange(home);
  expect(isExchanging(home)).toBe(false);
  expect(existsSync(join(folder, 'upgrade'))).toBe(false);
  expect(readFileSync(join(folder, 'data/PG_VERSION'), 'utf8')).toBe('18\n');
  expect(readFileSync(join(folder, 'data-15/PG_VERSION'), 'utf8')).toBe('15\n');
  expect(JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'))).toMatchObject({
    major: 18,
    port: 15,
    password: 'of 18',
  });
  expect(JSON.parse(readFileSync(join(folder, 'server-15.json'), 'utf8'))).toMatchObject(state(15));
  rmSync(folder, { recursive: true });
});
