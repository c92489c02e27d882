import { expect, test } from 'vitest';
import { bracketed } from './bracketed.ts';
import { findName, namesIn } from './names-in.ts';

const chains = (text: string, options = {}): readonly string[] =>
  namesIn(text, options).map(({ parts }) => parts.join('|'));

test('names are read as the server reads them, without comments and strings', () => {
  expect(chains('Drop TABLE /* x */ Shop . "Or""ders", -- y\n É.b; \'z\' $$w$$ 1.5')).toEqual([
    'drop',
    'table',
    'shop|Or"ders',
    'É|b',
  ]);
  expect(chains(`select "${'x'.repeat(70)}"`)).toEqual(['select', 'x'.repeat(63)]);
});

test('the code of a DO and the first statement alone can be asked for', () => {
  expect(chains('do $a$ drop $$x$$ $a$', { bodies: true })).toEqual(['do', 'drop', 'x']);
  expect(chains('one; two', { one: true })).toEqual(['one']);
});

test('a place is counted in UTF-16 units', () => {
  const text = "select '\u{1F426}é', nope";
  expect(namesIn(text).map(({ at }) => text.slice(at))).toEqual([text, 'nope']);
});

test('a name is found with more or fewer parts than the server tells, a column behind its table', () => {
  const names = namesIn('alter table x add y int, t.x a.b');
  const at = (wanted: string, behind?: string): number | undefined => findName(names, wanted, behind)?.at;
  expect([at('x'), at('x', 't'), at('b'), at('public.y'), at('nope')]).toEqual([12, 12, 29, 18, undefined]);
  expect(findName(namesIn('update email set email = 1'), 'email', 'email')?.at).toBe(17);
});

test('what stands in brackets behind a name is found, whatever it holds', () => {
  const text = 'references "a (b)" . c /* ( */ (x, f(y), \')\') on delete (z)';
  expect(bracketed(text, text.indexOf('"'))).toBe("x, f(y), ')'");
  expect(bracketed('users on delete (z)', 0)).toBeUndefined();
  expect(bracketed('users (z', 0)).toBeUndefined();
});
