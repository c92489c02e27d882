import { decodeUtf8, encodeUtf8 } from './encoding.ts';
import { tokensOf } from './lexer.ts';

const open = 0x28;
const close = 0x29;
const dot = 0x2e;

/**
 * The text in the parentheses that directly follow a name: `id` of `users (id)`, and of `"a"."b" (id)`.
 *
 * @param at where the name starts, in UTF-16 units
 * @returns undefined when something else follows, or a parenthesis is not closed
 */
export function bracketed(text: string, at: number): string | undefined {
  const bytes = encodeUtf8(text.slice(at));
  let depth = 0;
  let start = 0;
  // A part of the name is expected next, not the dot after one.
  let expected = true;
  for (const token of tokensOf(bytes, 0, bytes.length)) {
    if (token.kind === 'line-comment' || token.kind === 'block-comment') continue;
    const byte = token.end - token.start === 1 ? bytes[token.start] : undefined;
    if (depth === 0 && byte !== open) {
      const isPart = token.kind === 'word' || token.kind === 'quoted-identifier';
      if (isPart !== expected || (!isPart && byte !== dot)) return undefined;
      expected = !isPart;
      continue;
    }
    if (byte === open && depth === 0) start = token.end;
    if (byte === open) depth += 1;
    if (byte === close) depth -= 1;
    if (byte === close && depth === 0) return decodeUtf8(bytes.subarray(start, token.start));
  }
  return undefined;
}
