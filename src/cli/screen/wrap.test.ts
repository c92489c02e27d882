import { expect, test } from 'vitest';
import { createStyle } from './style.ts';
import { table, tableLines } from './table.ts';
import { textWidth } from './text-width.ts';
import { wrapped } from './wrap.ts';

test('a line breaks at words, and goes on below its text', () => {
  expect(wrapped('  ! This run destroys rows that somebody still needs', 30)).toEqual([
    '  ! This run destroys rows',
    '    that somebody still needs',
  ]);
  expect(wrapped(createStyle(true).dim('one two three'), 8)).toEqual(['\u001b[2mone two', 'three\u001b[22m']);
});

test('a command in backticks is one word, a command of its own stays on one line, what follows it goes below', () => {
  const fix = 'To keep the object: `godwit verify --accept OBJECT --reason TEXT`.';
  expect(wrapped(fix, 40)).toEqual(['To keep the object:', '`godwit verify --accept OBJECT --reason TEXT`.']);
  const line = '  godwit runs attach -e production 01K0ABCD2Z3YEFGHJKMNPQRSTVWXYZ   follow it';
  expect(wrapped(line, 40)).toEqual([
    '  godwit runs attach -e production 01K0ABCD2Z3YEFGHJKMNPQRSTVWXYZ',
    '      follow it',
  ]);
  expect(wrapped('  godwit reads the files of the folder.', 30)).toEqual([
    '  godwit reads the files of',
    '  the folder.',
  ]);
});

test('rows keep their columns, and the columns that may give way are cut', () => {
  const rows = table(
    [
      ['  ✔ 1 a', '12 ms', '1 statement'],
      ['  ✔ 24 big_table_with_a_rather_long_name_that_somebody_chose', '1.9 s', '3 statements'],
    ],
    [0],
  );
  expect(tableLines(rows, 50)).toEqual([
    '  ✔ 1 a                        12 ms  1 statement',
    '  ✔ 24 big_table_with_a_rath…  1.9 s  3 statements',
  ]);
  expect(tableLines(rows, Infinity)[1]).toContain('somebody_chose  1.9 s');
});

test('no row is wider than the terminal, however narrow it is', () => {
  const cells = ['  ✘ 01K0ABCD2Z3Y', '2026-03-04 05:06 +01:00', 'verify', 'interrupted', '12 migrations', 'ann@laptop'];
  for (let width = 40; width <= 200; width += 1)
    for (const line of tableLines(table([cells, cells], [4, 5]), width))
      expect(textWidth(line)).toBeLessThanOrEqual(width);
});
