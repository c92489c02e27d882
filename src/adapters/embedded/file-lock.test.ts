import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { startChild } from '../../../test/support/child.ts';
import { takeLock } from './file-lock.ts';
import { ownIdentity } from './process-identity.ts';
import { elapse } from '../../../test/support/elapse.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-lock-`));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a lock is held by one at a time, however many want it', async () => {
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    const release = await takeLock(path, { waitMs: 20_000 });
    inside += 1;
    most = Math.max(most, inside);
    await elapse(3, 'others try meanwhile');
    inside -= 1;
    release?.();
  };
  writeFileSync(path, JSON.stringify({ pid: 999_999, start: '1', token: 'dead' }));
  await Promise.all(Array.from({ length: 12 }, work));
  expect(most).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});

test('a second owner is refused while the first lives, and is told who that is', async () => {
  const release = await takeLock(path, { waitMs: 0 });
  const reported: number[] = [];
  expect(await takeLock(path, { waitMs: 50, onWait: ({ pid }) => reported.push(pid) })).toBeUndefined();
  expect(reported).toEqual([process.pid]);
  release?.();
  expect(await takeLock(path, { waitMs: 0 })).toBeDefined();
});

test('the lock of a process that was killed is recovered at once', async () => {
  const program = `
    import { takeLock } from './src/adapters/embedded/file-lock.ts';
    void takeLock(${JSON.stringify(path)}, { waitMs: 0 }).then((release) => { console.log(JSON.stringify(release !== undefined)); setInterval(() => {}, 1000); });`;
  const child = await startChild(program);
  expect(await child.next()).toBe(true);
  expect(await takeLock(path, { waitMs: 30 })).toBeUndefined();
  await child.kill('SIGKILL');
  expect(await takeLock(path, { waitMs: 1_000 })).toBeDefined();
});

test('a process with the pid of a dead holder is not taken for it', async () => {
  writeFileSync(path, JSON.stringify({ ...ownIdentity(), start: 'another time', token: 'dead' }));
  expect(await takeLock(path, { waitMs: 1_000 })).toBeDefined();
});
