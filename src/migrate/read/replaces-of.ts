import { readDirectives } from '../../sql/directives.ts';
import { decodeUtf8 } from '../../sql/encoding.ts';
import type { Replaces } from '../../sql/replaces.ts';

/** How many bytes of a file are read. */
export const headSize: number = 16 * 1024;

const word = 'replaces';

/**
 * What the comments at the head of a file say about migrations that it replaces. A folder is read without splitting its
 * files: so this directive must precede the first statement.
 *
 * @param bytes the beginning of the file, without BOM
 * @param decoded these bytes as text, if they are decoded already
 * @returns undefined: no such directive, or one that cannot be read, which the analysis of the file reports
 */
export function replacesOf(bytes: Uint8Array, decoded?: string): Replaces | undefined {
  const text = decoded === undefined || bytes.length > headSize ? decodeUtf8(bytes.subarray(0, headSize)) : decoded;
  if (!text.includes(word)) return undefined;
  for (const comment of commentsAtHead(text)) {
    for (const directive of readDirectives(comment).directives) {
      if (directive.kind !== 'replaces') continue;
      const { ranges, count } = directive;
      return { ranges, ...(count === undefined ? {} : { count }) };
    }
  }
  return undefined;
}

function* commentsAtHead(text: string): Generator<string> {
  let at = 0;
  for (;;) {
    at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
    const rest = text.slice(at);
    const line = /^--([^\n]*)/.exec(rest);
    const block = /^\/\*((?:(?!\/\*|\*\/)[\s\S])*)\*\//.exec(rest);
    const found = line ?? block;
    if (found === null) return;
    yield (found[1] ?? '').trim();
    at += found[0].length;
  }
}
