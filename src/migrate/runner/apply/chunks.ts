import { tokensOf } from '../../../sql/lexer.ts';
import type { ByteSource } from '../../contract/ports.ts';
import type { Statement } from '../../contract/model.ts';
import type { FileStretch } from './message.ts';

const chunkBytes = 1024 * 1024;
const semicolon = 0x3b;
const newline = 0x0a;

/**
 * A statement as it is sent: whole, or a folded range of similar statements in chunks of about a megabyte that end
 * where a statement ends. Each chunk has its own line and column.
 */
export async function* chunksOf(body: ByteSource, statement: Statement): AsyncGenerator<FileStretch> {
  if (statement.count === 1 || statement.end - statement.start <= chunkBytes) {
    yield statement;
    return;
  }
  let { start, line } = statement;
  let size = chunkBytes;
  let first = true;
  let left = statement.count;
  while (start < statement.end) {
    const bytes = await body.read(start, Math.min(start + size, statement.end));
    const last = start + bytes.length >= statement.end;
    const found = lastBorder(bytes, last);
    if (found === undefined) {
      size *= 2;
      continue;
    }
    const head = first ? statement.head - start : found.head;
    const at = first ? statement : chunkPlace(bytes, head, line);
    yield {
      start,
      head: start + head,
      end: start + found.end,
      line: at.line,
      column: at.column,
      count: last ? left : found.count,
    };
    left -= found.count;
    line += count(bytes.subarray(first ? head : 0, found.next), newline);
    start += found.next;
    size = chunkBytes;
    first = false;
  }
}

/** The end of the last complete statement in these bytes, or of all bytes if they are the last ones. */
function lastBorder(
  bytes: Uint8Array,
  last: boolean,
): { readonly head: number; readonly end: number; readonly next: number; readonly count: number } | undefined {
  let head = -1;
  let border = -1;
  let statements = 0;
  for (const token of tokensOf(bytes, 0, bytes.length)) {
    if (token.kind === 'line-comment' || token.kind === 'block-comment') continue;
    if (head < 0) head = token.start;
    if (token.unterminated || (token.end === bytes.length && !last)) break;
    if (token.kind !== 'punctuation' || bytes[token.start] !== semicolon) continue;
    border = token.start;
    statements += 1;
  }
  if (last) return { head: Math.max(head, 0), end: bytes.length, next: bytes.length, count: statements + 1 };
  return border < 0 ? undefined : { head, end: border, next: border + 1, count: statements };
}

function chunkPlace(bytes: Uint8Array, head: number, line: number): { readonly line: number; readonly column: number } {
  const before = bytes.subarray(0, head);
  const lineStart = before.lastIndexOf(newline) + 1;
  return {
    line: line + count(before, newline),
    column: new TextDecoder().decode(before.subarray(lineStart)).length + 1,
  };
}

function count(bytes: Uint8Array, wanted: number): number {
  let found = 0;
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) found += 1;
  return found;
}

/**
 * Where the statement after `behind` complete ones begins, in UTF-16 units.
 *
 * @param text several statements
 * @param behind how many of them to skip
 */
export function offsetOfStatement(text: string, behind: number): number {
  const bytes = new TextEncoder().encode(text);
  let over = 0;
  for (const token of tokensOf(bytes, 0, bytes.length)) {
    if (token.kind === 'line-comment' || token.kind === 'block-comment') continue;
    if (over === behind) return new TextDecoder().decode(bytes.subarray(0, token.start)).length;
    if (token.kind === 'punctuation' && bytes[token.start] === semicolon) over += 1;
  }
  return 0;
}
