import { expect, test } from 'vitest';
import { emptyHistory } from '../contract/history.ts';
import type { HistoryRow } from '../contract/history-rows.ts';
import type { Migration } from '../contract/model.ts';
import type { Selection } from '../contract/task.ts';
import { compare } from './compare.ts';
import { select } from './select.ts';

const migrations: readonly Migration[] = ['1', '2', '3', '10'].map((id) => ({
  id,
  name: `m${id}`,
  up: { file: `${id}.sql`, checksum: id, size: 1 },
}));

function selected(applied: readonly string[], selection: Partial<Selection>): readonly string[] {
  const rows = applied.map((id, index): HistoryRow => ({
    seq: index + 1,
    id,
    name: `m${id}`,
    file: `${id}.sql`,
    checksum: id,
    kind: 'applied',
    run: 'r',
    at: 't',
    ms: 1,
    by: 'me',
    schema: 'public',
  }));
  const comparison = compare({ layout: 'native', set: 'app', migrations }, { ...emptyHistory, version: 1, rows });
  const outcome = select({ direction: 'up', outOfOrder: false, ...selection }, comparison, migrations);
  return outcome.ok ? outcome.value.migrations.map(({ id }) => id) : outcome.findings.map(({ code }) => code);
}

test('up takes everything that is pending', () => {
  expect(selected(['1'], {})).toEqual(['2', '3', '10']);
});

test('up --to stops at that version, however it is written', () => {
  expect(selected(['1'], { to: '003' })).toEqual(['2', '3']);
});

test('an unknown version is named (`unknown-version`)', () => {
  expect(selected([], { to: '7' })).toEqual(['unknown-version']);
  expect(selected(['1'], { direction: 'down', to: '7' })).toEqual(['unknown-version']);
});

test('down undoes one migration, the last applied', () => {
  expect(selected(['1', '2', '3'], { direction: 'down' })).toEqual(['3']);
});

test('down --to undoes everything behind that version, newest first', () => {
  expect(selected(['1', '2', '3', '10'], { direction: 'down', to: '2' })).toEqual(['10', '3']);
  expect(selected(['1', '2'], { direction: 'down', to: '0' })).toEqual(['2', '1']);
});

test('down with nothing applied says so (`nothing-to-undo`)', () => {
  expect(selected([], { direction: 'down' })).toEqual(['nothing-to-undo']);
});

test('only the named bare files are taken', () => {
  expect(selected(['1'], { only: ['1', '2'] })).toEqual(['2']);
  expect(selected(['1'], { only: ['1', '2'], direction: 'down' })).toEqual(['1']);
  expect(selected([], { only: ['2'], direction: 'down' })).toEqual(['nothing-to-undo']);
});
