import { isWord } from './character-class.ts';
import { createToken, nextToken, type Token, type TokenKind } from './lexer.ts';

/** An INSERT whose rows are literals only, by byte offsets. */
export interface SeedInsert {
  /** Byte behind VALUES. */
  readonly headEnd: number;
  /** Byte behind the last row's parenthesis. */
  readonly rowsEnd: number;
  /** Literals in each row. */
  readonly width: number;
}

/**
 * Recognises `INSERT INTO t (…) VALUES (literal, …), … [tail]`, the form of seed rows. Comments, expressions and rows
 * of different widths do not fit.
 * @param headEnd Byte behind VALUES when the head is known to be that of another seed insert; otherwise -1.
 */
export function matchSeedInsert(bytes: Uint8Array, head: number, end: number, headEnd: number): SeedInsert | undefined {
  const token = createToken();
  const from = headEnd === -1 ? findValues(bytes, head, end, token) : headEnd;
  if (from === -1) return undefined;
  let at = from;
  let width = -1;
  for (;;) {
    nextToken(bytes, at, end, token);
    if (!isMark(bytes, token, 40)) return undefined;
    const count = readRow(bytes, token.end, end, token);
    if (count === -1 || (width !== -1 && count !== width)) return undefined;
    width = count;
    at = token.end;
    nextToken(bytes, at, end, token);
    if (!isMark(bytes, token, 44)) return { headEnd: from, rowsEnd: at, width };
    at = token.end;
  }
}

function isMark(bytes: Uint8Array, token: Token, byte: number): boolean {
  return token.kind === 'punctuation' && bytes[token.start] === byte;
}

function step(bytes: Uint8Array, at: number, end: number, token: Token): TokenKind {
  nextToken(bytes, at, end, token);
  return token.kind;
}

/** Byte behind the VALUES of an INSERT, -1 if it is none or has another form. */
function findValues(bytes: Uint8Array, head: number, end: number, token: Token): number {
  if (step(bytes, head, end, token) !== 'word' || !isWord(bytes, token.start, token.end, 'insert')) return -1;
  let depth = 0;
  for (;;) {
    const kind = step(bytes, token.end, end, token);
    if (kind === 'punctuation') {
      const byte = bytes[token.start] as number;
      depth += byte === 40 ? 1 : byte === 41 ? -1 : 0;
    } else if (kind === 'word') {
      if (depth === 0 && isWord(bytes, token.start, token.end, 'values')) return token.end;
      if (isWord(bytes, token.start, token.end, 'select')) return -1;
    } else if (kind !== 'quoted-identifier') return -1;
  }
}

/** Reads the literals of a row up to its closing parenthesis, which `token` then is. How many, or -1. */
function readRow(bytes: Uint8Array, from: number, end: number, token: Token): number {
  let count = 0;
  let at = from;
  for (;;) {
    const kind = step(bytes, at, end, token);
    if (kind === 'operator' && token.end === token.start + 1 && isSign(bytes[token.start] as number)) {
      if (step(bytes, token.end, end, token) !== 'number') return -1;
    }
    if (!isLiteral(bytes, token)) return -1;
    count += 1;
    nextToken(bytes, token.end, end, token);
    while (isMark(bytes, token, 58)) if (!readCast(bytes, end, token)) return -1;
    if (isMark(bytes, token, 41)) return count;
    if (!isMark(bytes, token, 44)) return -1;
    at = token.end;
  }
}

function isSign(byte: number): boolean {
  return byte === 43 || byte === 45;
}

function isLiteral(bytes: Uint8Array, token: Token): boolean {
  const { kind, start, end } = token;
  if (kind === 'string' || kind === 'number' || kind === 'dollar-string') return !token.unterminated;
  if (kind !== 'word') return false;
  return (
    isWord(bytes, start, end, 'null') ||
    isWord(bytes, start, end, 'true') ||
    isWord(bytes, start, end, 'false') ||
    isWord(bytes, start, end, 'default')
  );
}

/** `::type`, `::schema.type`, `::type[]`; `token` is the first colon, and afterwards what follows the type. */
function readCast(bytes: Uint8Array, end: number, token: Token): boolean {
  nextToken(bytes, token.end, end, token);
  if (!isMark(bytes, token, 58)) return false;
  nextToken(bytes, token.end, end, token);
  for (;;) {
    if (token.kind !== 'word' && token.kind !== 'quoted-identifier') return false;
    nextToken(bytes, token.end, end, token);
    if (!isMark(bytes, token, 46)) break;
    nextToken(bytes, token.end, end, token);
  }
  while (isMark(bytes, token, 91)) {
    nextToken(bytes, token.end, end, token);
    if (!isMark(bytes, token, 93)) return false;
    nextToken(bytes, token.end, end, token);
  }
  return true;
}
