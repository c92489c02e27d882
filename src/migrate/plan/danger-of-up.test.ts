import { expect, test } from 'vitest';
import { dangerOfUp } from './danger-of-up.ts';

const file = 'migrations/2_b.sql';
const makes = { file: 'migrations/1_a.sql', does: [{ tag: 'CREATE TABLE', count: 2 }], destroys: [] };
const drops = {
  file,
  does: [{ tag: 'DROP TABLE', count: 1 }],
  destroys: [{ what: 'drops table users', where: { file, line: 3, column: 1 } }],
};
const hides = { file, does: [{ tag: 'DO', count: 1 }], destroys: [] };

test('steps that only make things may be advised', () => {
  expect(dangerOfUp([])).toBeUndefined();
  expect(dangerOfUp([makes, makes])).toBeUndefined();
});

test('the first thing that a step destroys is named, with its place', () => {
  expect(dangerOfUp([makes, drops])).toEqual({ what: 'drops table users', where: { file, line: 3, column: 1 } });
});

test('what cannot be seen may destroy too; what is known to destroy is named before it', () => {
  expect(dangerOfUp([hides])).toEqual({ what: 'DO, whose effect cannot be seen', where: { file } });
  expect(dangerOfUp([hides, drops])?.what).toBe('drops table users');
});
