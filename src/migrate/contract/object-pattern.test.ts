import { expect, test } from 'vitest';
import { matches } from './object-pattern.ts';

test.each([
  ['public.users', 'table', 'public.users', true],
  ['public.users', 'column', 'public.users.email', false],
  ['public.users*', 'column', 'public.users.email', true],
  ['public.audit_?', 'table', 'public.audit_10', false],
  ['index public.tmp_*', 'index', 'public.tmp_a', true],
  ['index public.tmp_*', 'table', 'public.tmp_a', false],
  ['materialized view public.m', 'materialized view', 'public.m', true],
  ['drift column public.users.email', 'column', 'public.users.email', true],
  ['public.Users."Full Name"', 'column', 'public."Users"."Full Name"', true],
  ['public.f(integer, text[])', 'function', 'public.f(integer, text[])', true],
  ['public.f(*', 'function', 'public.f(integer, text)', true],
  ['public.a.b', 'table', 'public.aXb', false],
  [' public.users ', 'table', 'public.users', true],
  ['public.größe_?', 'table', 'public."größe_𝔸"', true],
  ['*', 'schema', 'app', true],
])('%s names %s %s: %s', (pattern, kind, name, expected) => {
  expect(matches(pattern, { kind, name })).toBe(expected);
});

test('many stars take no time', () => {
  const name = `public.${'a'.repeat(200)}`;
  const started = performance.now();
  expect(matches(`${'*'.repeat(500)}a*a*b`, { kind: 'table', name })).toBe(false);
  expect(performance.now() - started).toBeLessThan(1_000);
});
