import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../sql/encoding.ts';
import { namesGodwit } from './names-godwit.ts';

function script(text: string): Parameters<typeof namesGodwit>[0] {
  const bytes = encodeUtf8(text);
  return { size: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) };
}

test.each([
  ['select 1;', false],
  ['', false],
  ['-- godwit: expect select 1 => 1', true],
  ['/* GODWIT : frozen */ select 1;', true],
  [`${' '.repeat(1024 * 1024 - 3)}-- godwit: frozen`, true],
  [`${'x'.repeat(3 * 1024 * 1024)} god wit`, false],
])('whether a script names godwit, also across windows (%#)', async (text, named) => {
  expect(await namesGodwit(script(text))).toBe(named);
});
