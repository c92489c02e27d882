import { decodeUtf8, encodeUtf8 } from '../../../sql/encoding.ts';
import { tokensOf } from '../../../sql/lexer.ts';

/** A statement without its first word CONCURRENTLY. */
export function withoutConcurrently(text: string): string {
  const bytes = encodeUtf8(text);
  for (const { kind, start, end } of tokensOf(bytes, 0, bytes.length)) {
    if (kind !== 'word' || decodeUtf8(bytes.subarray(start, end)).toLowerCase() !== 'concurrently') continue;
    return decodeUtf8(bytes.subarray(0, start)) + decodeUtf8(bytes.subarray(end)).trimStart();
  }
  return text;
}
