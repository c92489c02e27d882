import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Analysis } from '../../migrate/contract/model.ts';
import { nothingAnalysed } from '../../migrate/read/nothing.ts';
import { nodeHashing } from '../files/hashing.ts';
import { openKeptAnalyses, type KeptAnalysesStore } from './kept-analyses.ts';
import { readEntries, writeSegment } from './segment.ts';

const code = 'c0de';
let cache = '';
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'godwit-analyses-'));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const folder = (): string => join(cache, 'analyses', code);
const segments = (): readonly string[] => readdirSync(folder()).map((name) => join(folder(), name));
const inputsOf = (name: string): string => nodeHashing.sha256().update(name).hex();

/** An analysis that differs from others by its size. */
const sized = (size: number): Analysis => ({ ...nothingAnalysed, size });

const locking = (lock: 'strong' | 'patient'): Analysis => {
  const place = { start: 0, head: 0, end: 9, line: 1, column: 1, count: 1 };
  const statement = { ...place, tag: 'DROP INDEX', kind: 'sql', transactional: true, opaque: false, hash: '', lock };
  return {
    ...nothingAnalysed,
    size: 9,
    statements: [statement as Analysis['statements'][number]],
    segments: [{ kind: 'transaction', first: 0, last: 0 }],
  };
};

function open(name = code): KeptAnalysesStore {
  const store = openKeptAnalyses({ GODWIT_CACHE: cache }, name);
  if (store === undefined) throw new Error('nothing may be kept');
  return store;
}

function keep(analyses: Readonly<Record<string, Analysis>>): void {
  const store = open();
  for (const [name, analysis] of Object.entries(analyses)) store.keep(inputsOf(name), analysis);
  store.save();
}

test('what one process has kept, the next one finds, and only for the same inputs and the same code', () => {
  keep({ a: locking('strong') });
  keep({ b: sized(2) });
  expect(open().find(inputsOf('a'))).toStrictEqual(locking('strong'));
  expect(open().find(inputsOf('b'))).toStrictEqual(sized(2));
  expect(open().find(inputsOf('c'))).toBe(undefined);
  expect(open('0ther').find(inputsOf('a'))).toBe(undefined);
});

test('nothing is kept under GODWIT_NO_CACHE, or by code that may change at any time', () => {
  expect(openKeptAnalyses({ GODWIT_CACHE: cache, GODWIT_NO_CACHE: '1' }, code)).toBe(undefined);
  expect(openKeptAnalyses({ GODWIT_CACHE: cache })).toBe(undefined);
});

test('nothing is read or made before an analysis is looked for', () => {
  open().save();
  expect(readdirSync(cache)).toEqual([]);
});

test('whichever byte of a file is damaged, an entry is as it was or not there', () => {
  keep({ a: locking('strong'), b: sized(2) });
  const [path = ''] = segments();
  const intact = readFileSync(path);
  // The first 32 bytes are a hash of the whole, which only those check who read it as a whole.
  for (let at = 32; at < intact.length; at += 1) {
    const damaged = Buffer.from(intact);
    damaged[at] = (damaged[at] ?? 0) ^ 0x11;
    writeFileSync(path, damaged);
    const store = open();
    const found = ['a', 'b'].map((name) => store.find(inputsOf(name)));
    expect(found.filter((one) => one === undefined)).not.toEqual([]);
    expect([undefined, locking('strong')]).toContainEqual(found[0]);
    expect([undefined, sized(2)]).toContainEqual(found[1]);
    expect(readEntries(path)).toEqual([]);
  }
});

test('a file that was cut off, is empty, or is something else is not there, and the next run writes beside it', () => {
  keep({ a: sized(1) });
  const [path = ''] = segments();
  const intact = readFileSync(path);
  for (const content of [Buffer.alloc(0), intact.subarray(0, 50), intact.subarray(0, -1), Buffer.alloc(200, 255)]) {
    writeFileSync(path, content);
    expect(open().find(inputsOf('a'))).toBe(undefined);
  }
  keep({ a: sized(1) });
  expect(open().find(inputsOf('a'))).toStrictEqual(sized(1));
});

test('other locks under the hash of the right ones are not believed', () => {
  keep({ a: { ...locking('strong'), size: 10 } });
  const [path = ''] = segments();
  const text = JSON.stringify({ ...locking('patient'), size: 9 });
  const poisoned = readFileSync(path, 'latin1').replace(/\{"size.*\}/, text);
  expect(poisoned.length).toBe(readFileSync(path).length);
  writeFileSync(path, poisoned, 'latin1');
  expect(open().find(inputsOf('a'))).toBe(undefined);
});

test.each<[string, string]>([
  ['no JSON', '{"size":'],
  ['something else', '[]'],
  ['a lock that does not exist', JSON.stringify(locking('strong')).replace('strong', 'weak')],
  ['a member of another version', JSON.stringify({ ...sized(1), effects: [] })],
  ['a missing member', JSON.stringify({ ...sized(1), looks: undefined })],
  [
    'an error among the findings',
    JSON.stringify({ ...sized(1), findings: [{ code: 'x', severity: 'error', title: '', why: '', fix: '' }] }),
  ],
  ['a statement that no segment holds', JSON.stringify({ ...locking('strong'), segments: [] })],
])('an entry with its hash that holds %s is not there', (_, text) => {
  keep({ a: locking('strong') });
  const [path = ''] = segments();
  writeSegment(path, [{ key: inputsOf('a'), text: Buffer.from(text) }]);
  expect(open().find(inputsOf('a'))).toBe(undefined);
});

test('what other accounts could have written is not there', () => {
  keep({ a: sized(1) });
  const [path = ''] = segments();
  chmodSync(path, 0o666);
  expect(open().find(inputsOf('a'))).toBe(undefined);
  chmodSync(path, 0o600);
  expect(open().find(inputsOf('a'))).toStrictEqual(sized(1));
  chmodSync(folder(), 0o777);
  expect(open().find(inputsOf('a'))).toBe(undefined);
});

test('where nothing can be written, nothing fails', () => {
  writeFileSync(join(cache, 'analyses'), 'a file in the place of the folder');
  keep({ a: sized(1) });
  expect(open().find(inputsOf('a'))).toBe(undefined);
});

test('many small runs leave few files, and everything is found', () => {
  const names = Array.from({ length: 200 }, (_, index) => `m${index}`);
  for (const [index, name] of names.entries()) keep({ [name]: sized(index) });
  expect(segments().length).toBeLessThan(12);
  const store = open();
  expect(names.map((name) => store.find(inputsOf(name))?.size)).toEqual(names.map((_, index) => index));
});

test('processes that write at the same time keep what each has made', () => {
  keep({ old: sized(1) });
  const [one, two] = [open(), open()];
  one.find(inputsOf('old'));
  two.find(inputsOf('old'));
  one.keep(inputsOf('one'), sized(2));
  two.keep(inputsOf('two'), sized(3));
  two.save();
  one.save();
  const later = open();
  expect(['old', 'one', 'two'].map((name) => later.find(inputsOf(name))?.size)).toEqual([1, 2, 3]);
});

test('a file that vanishes under a reader is not there', () => {
  keep({ a: sized(1), b: sized(2) });
  const store = open();
  expect(store.find(inputsOf('c'))).toBe(undefined);
  for (const path of segments()) rmSync(path);
  expect(store.find(inputsOf('a'))).toBe(undefined);
});

test('the oldest ones go when there is too much', () => {
  const long = 'x'.repeat(900_000);
  const large = (size: number): Analysis => ({
    ...sized(size),
    findings: [{ code: 'migration-empty', severity: 'warning', title: '', why: long, fix: '' }],
  });
  for (let size = 0; size < 48; size += 4)
    keep(Object.fromEntries([0, 1, 2, 3].map((more) => [`m${size + more}`, large(size + more)])));
  const total = segments().reduce((sum, path) => sum + statSync(path).size, 0);
  expect(total).toBeLessThan(34 * 1024 * 1024);
  const store = open();
  expect(store.find(inputsOf('m0'))).toBe(undefined);
  expect(store.find(inputsOf('m47'))?.size).toBe(47);
});

test('an analysis that is as large as many files is made again', () => {
  keep({
    a: {
      ...sized(1),
      looks: Array.from({ length: 20_000 }, (_, statement) => ({
        statement,
        what: 'a table',
        kinds: 'rp',
        schema: null,
        name: 'a',
        columns: [],
      })),
    },
  });
  expect(existsSync(folder())).toBe(false);
});

test('what versions that are no longer used have kept is removed', () => {
  const names = Array.from({ length: 7 }, (_, index) => `version${index}`);
  for (const [index, name] of names.entries()) {
    mkdirSync(join(cache, 'analyses', name), { recursive: true, mode: 0o700 });
    const at = Date.now() / 1000 - (10 - index) * 3600;
    utimesSync(join(cache, 'analyses', name), at, at);
  }
  const long = Date.now() / 1000 - 40 * 24 * 3600;
  utimesSync(join(cache, 'analyses', 'version6'), long, long);
  keep({ a: sized(1) });
  expect(readdirSync(join(cache, 'analyses')).sort()).toEqual([code, 'version2', 'version3', 'version4', 'version5']);
});

test('what a killed process has left half written is removed in time', () => {
  keep({ a: sized(1) });
  const draft = `${segments()[0] ?? ''}.abcd0123`;
  writeFileSync(draft, '');
  keep({ b: sized(2) });
  expect(existsSync(draft)).toBe(true);
  utimesSync(draft, 1, 1);
  keep({ c: sized(3) });
  expect(existsSync(draft)).toBe(false);
});
