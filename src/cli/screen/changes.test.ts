import { expect, test } from 'vitest';
import type { Change } from '../../migrate/contract/model.ts';
import { changeLines, changeSummary } from './changes.ts';
import { createStyle } from './style.ts';

function changes(
  change: Change['change'],
  counts: Readonly<Record<string, number>>,
  within = false,
): readonly Change[] {
  return Object.entries(counts).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, n) => ({
      change,
      kind,
      name: `public.${kind}${n}`,
      migration: '1',
      within,
      hadDrifted: false,
    })),
  );
}

test('what a run did is one sentence, in the order in which people think of a schema', () => {
  const did = [
    ...changes('created', { trigger: 3, view: 4, table: 5 }),
    ...changes('created', { index: 16, column: 40, constraint: 9 }, true),
    ...changes('changed', { column: 2 }),
    ...changes('dropped', { table: 1 }),
    ...changes('dropped', { index: 2, trigger: 1 }, true),
  ];
  expect(changeSummary(did).join('\n')).toBe(
    '  Created 5 tables, 16 indexes, 4 views, 3 triggers; changed 2 columns;\n  dropped 1 table',
  );
});

test('the index of a constraint is the constraint, and rows are counted by their number', () => {
  const part = { change: 'created', migration: '1', within: true, hadDrifted: false } as const;
  const did: readonly Change[] = [
    ...changes('created', { table: 1 }),
    { ...part, kind: 'constraint', name: 'public.table0."a.b key"' },
    { ...part, kind: 'index', name: 'public."a.b key"' },
    { ...part, kind: 'index', name: 'public.by_name' },
    { ...part, kind: 'row', name: 'public.table0', within: false, rows: 4 },
    { ...part, kind: 'row', name: 'public.table1', within: false, rows: 2 },
  ];
  expect(changeSummary(did)).toEqual(['  Created 1 table, 1 index, 6 rows']);
  expect(changeLines(did, createStyle(false)).at(-1)).toBe('    + 2 rows in public.table1');
});

test('plurals are English, and kinds have names that people use', () => {
  const did = changes('created', {
    policy: 2,
    index: 1,
    'operator class': 2,
    statistics: 2,
    'default acl': 1,
    schema: 1,
  });
  expect(changeSummary(did).join(' ')).toBe(
    '  Created 1 schema, 1 index, 2 policies, 1 default privilege,   2 operator classes, 2 statistics objects',
  );
});

test('nothing done is nothing said', () => {
  expect(changeSummary([])).toEqual([]);
  expect(changeSummary(changes('created', { column: 3 }, true))).toEqual([]);
});

test('however many kinds there are, it is two lines of at most eighty columns', () => {
  for (const name of ['kind', 'kind of object with a rather long name']) {
    const kinds = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`${name} ${n}`, 1_000]));
    const lines = changeSummary([
      ...changes('created', kinds),
      ...changes('changed', kinds),
      ...changes('dropped', kinds),
    ]);
    expect(lines.length).toBeLessThanOrEqual(2);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines.join(' ')).toMatch(
      name === 'kind' ? /Created 1,000 kind 0s, [\d,]+ other objects;/ : /30,000 objects;/,
    );
  }
});

test('in full it is told by migration, parts below what they belong to', () => {
  const did = [
    ...changes('created', { table: 1 }),
    ...changes('created', { column: 1 }, true),
    ...changes('dropped', { view: 1 }),
  ];
  expect(changeLines(did, createStyle(false))).toEqual([
    '',
    '  1',
    '    + table public.table0',
    '      + column public.column0',
    '    - view public.view0',
  ]);
});
