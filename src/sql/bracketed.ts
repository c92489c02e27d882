import { decodeUtf8, encodeUtf8 } from './encoding.ts';
import { tokensOf } from './lexer.ts';

const open = 0x28;
const close = 0x29;
const dot = 0x2e;

/**
 * What stands in the round brackets that follow a name at once: `id` of `users (id)`, and of `"a"."b" (id)`.
 *
 * @param at where the name begins, in UTF-16 units
 * @returns undefined where something else follows, or a bracket is not closed
 */
export function bracketed(text: string, at: number): string | undefined {
  const bytes = encodeUtf8(text.slice(at));
  let depth = 0;
  let start = 0;
  // A part of the name, not the dot behind one.
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
