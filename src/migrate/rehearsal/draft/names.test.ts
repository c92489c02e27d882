import { expect, test } from 'vitest';
import { functionArguments, partsOfName, qualifierOf, simpleName } from './names.ts';

test.each([
  ['public.users', ['public', 'users'], 'users', 'public', ''],
  ['public."odd.name"."a ""b"', ['public', '"odd.name"', '"a ""b"'], '"a ""b"', 'public."odd.name"', ''],
  ['public.f(integer, other.kind)', ['public', 'f(integer, other.kind)'], 'f', 'public', '(integer, other.kind)'],
  ['public."f(x)"(integer)', ['public', '"f(x)"(integer)'], '"f(x)"', 'public', '(integer)'],
  ['fresh', ['fresh'], 'fresh', '', ''],
])('%s is taken apart outside of quotes', (name, parts, simple, qualifier, args) => {
  expect(partsOfName(name)).toEqual(parts);
  expect(simpleName(name)).toBe(simple);
  expect(qualifierOf(name)).toBe(qualifier);
  expect(functionArguments(name)).toBe(args);
});
