import { decodeUtf8, encodeUtf8 } from '../../../sql/encoding.ts';
import { tokensOf } from '../../../sql/lexer.ts';

const longest = 120;

/**
 * Another session's query in a form that may be shown: without its values, which may be personal data or a password, on
 * one line and shortened.
 *
 * @param query as `pg_stat_activity` has it, possibly cut off
 * @example shownQuery("select *\nfrom users where email = 'a@b.c'") // "select * from users where email = ?"
 */
export function shownQuery(query: string): string {
  const bytes = encodeUtf8(query);
  let text = '';
  let end = 0;
  for (const token of tokensOf(bytes, 0, bytes.length)) {
    if (token.start > end && text !== '') text += ' ';
    end = token.end;
    if (token.kind === 'line-comment' || token.kind === 'block-comment') continue;
    const written = decodeUtf8(bytes.subarray(token.start, token.end));
    // A name without a closing quote was cut off, or is not a name.
    const isValue = token.kind.endsWith('string') || token.kind === 'number' || token.unterminated;
    text += isValue ? '?' : written;
    if (text.length > longest * 2) break;
  }
  const line = text.replaceAll(/\s+/g, ' ').replace(/ ?;$/, '').trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
