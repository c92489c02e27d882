import { expect, test } from 'vitest';
import { emptyHistory, type History } from '../contract/history.ts';
import type { HistoryRow } from '../contract/history-rows.ts';
import type { Migration } from '../contract/model.ts';
import { compare, findingsOf } from './compare.ts';

function migration(id: string, name = `m${id}`, checksum = `sum-${id}`): Migration {
  return { id, name, up: { file: `migrations/${id}_${name}.sql`, checksum, size: 1 } };
}

function row(id: string, change: Partial<HistoryRow> = {}): HistoryRow {
  const file = `migrations/${id}_m${id}.sql`;
  return {
    seq: 0,
    id,
    name: `m${id}`,
    file,
    checksum: `sum-${id}`,
    kind: 'applied',
    run: 'r',
    at: 't',
    ms: 1,
    by: 'me',
    schema: 'public',
    ...change,
  };
}

function history(...rows: readonly HistoryRow[]): History {
  return { ...emptyHistory, version: 1, rows: rows.map((one, index) => ({ ...one, seq: index + 1 })) };
}

function compareNative(migrations: readonly Migration[], past: History, set = 'app') {
  return compare({ layout: 'native', set, migrations }, past);
}

function codes(migrations: readonly Migration[], past: History, outOfOrder = false): readonly string[] {
  return findingsOf(compareNative(migrations, past), { outOfOrder }).map(({ code, severity }) => `${severity} ${code}`);
}

test('what is not in the history is pending, in the order of the folder', () => {
  const { pending, applied } = compareNative([migration('1'), migration('2'), migration('3')], history(row('1')));
  expect(applied.map(({ row }) => row.id)).toEqual(['1']);
  expect(pending.map(({ id }) => id)).toEqual(['2', '3']);
});

test('a migration that was merged late is found, and reported unless it is allowed (`out-of-order`)', () => {
  const migrations = [migration('1'), migration('2'), migration('3')];
  expect(codes(migrations, history(row('1'), row('3')))).toEqual(['error out-of-order']);
  expect(codes(migrations, history(row('1'), row('3')), true)).toEqual([]);
});

test('a reverted migration is pending again', () => {
  const { pending } = compareNative([migration('1')], history(row('1'), row('1', { kind: 'reverted' })));
  expect(pending.map(({ id }) => id)).toEqual(['1']);
});

test('an applied file that changed is a changed migration, not a new one (`migration-changed`)', () => {
  expect(codes([migration('1', 'm1', 'edited')], history(row('1')))).toEqual(['error migration-changed']);
});

test('an applied migration without a file is missing (`migration-missing`)', () => {
  expect(codes([migration('2')], history(row('1'), row('2')))).toEqual(['error migration-missing']);
});

test('the same content under another version is a renamed migration, neither missing nor pending (`migration-renamed`)', () => {
  const comparison = compareNative([migration('2', 'm2', 'sum-1')], history(row('1')));
  expect(findingsOf(comparison, { outOfOrder: false }).map(({ code }) => code)).toEqual(['migration-renamed']);
  expect(comparison.pending).toEqual([]);
  expect(comparison.missing).toEqual([]);
});

test('another name for the same version and content is only a warning', () => {
  expect(codes([migration('1', 'better_name')], history(row('1')))).toEqual(['warning migration-renamed']);
});

test('bare files and the folder do not see each other', () => {
  const past = history(row('1'), row('file:fix'));
  expect(codes([migration('1')], past)).toEqual([]);
  expect(compare({ layout: 'bare', set: 'app', migrations: [migration('file:other')] }, past).missing).toEqual([]);
});

test('each set sees its own migrations alone', () => {
  const past = history(row('1'), row('billing:1'), row('billing:2'));
  expect(codes([migration('1'), migration('2')], past)).toEqual([]);
  const billing = compareNative([migration('billing:1'), migration('billing:3')], past, 'billing');
  expect(billing.missing.map(({ id }) => id)).toEqual(['billing:2']);
  expect(billing.pending.map(({ id }) => id)).toEqual(['billing:3']);
  expect(compareNative([migration('shop:1')], past, 'shop').missing).toEqual([]);
});
