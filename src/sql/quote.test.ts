import { expect, test } from 'vitest';
import { quoteIdent, quoteLiteral, quoteName } from './quote.ts';

test('a quote inside an identifier is doubled', () => {
  expect(quoteIdent('odd "name"')).toBe('"odd ""name"""');
});

test('a string literal survives quotes and backslashes', () => {
  expect(quoteLiteral("it's")).toBe("'it''s'");
  expect(quoteLiteral("a\\'b")).toBe(" E'a\\\\''b'");
});

test('a name carries its schema when it has one', () => {
  expect(quoteName({ schema: 'App', name: 'users' })).toBe('"App"."users"');
  expect(quoteName({ schema: null, name: 'users' })).toBe('"users"');
});
