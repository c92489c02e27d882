import { classOf, DIGIT, OPERATOR, SPACE, WORD_PART, WORD_START } from './character-class.ts';

/**
 * Kinds of tokens. `end` means that nothing is left; `backslash` is the rest of a line that psql would interpret
 * itself.
 */
export type TokenKind =
  | 'end'
  | 'word'
  | 'quoted-identifier'
  | 'string'
  | 'dollar-string'
  | 'number'
  | 'parameter'
  | 'operator'
  | 'punctuation'
  | 'line-comment'
  | 'block-comment'
  | 'backslash';

/** One token by its byte range. Reused between calls, so that lexing produces no garbage. */
export interface Token {
  kind: TokenKind;
  start: number;
  end: number;
  /** True for a quoted token or a comment that is not closed before the limit. */
  unterminated: boolean;
  /** True for a word with bytes beyond ASCII. */
  beyondAscii: boolean;
}

/** A token for `nextToken` to fill. */
export function createToken(): Token {
  return { kind: 'end', start: 0, end: 0, unterminated: false, beyondAscii: false };
}

/**
 * Reads the next token of SQL text, as PostgreSQL reads it with standard_conforming_strings on.
 * @param bytes UTF-8 text.
 * @param at Where to start; white space is skipped.
 * @param limit Byte after the last one to read.
 * @param token Filled with the result. A token that touches `limit` may continue after it.
 */
export function nextToken(bytes: Uint8Array, at: number, limit: number, token: Token): void {
  let start = at;
  while (start < limit && ((classOf[bytes[start] as number] as number) & SPACE) !== 0) start += 1;
  token.start = start;
  token.unterminated = false;
  token.beyondAscii = false;
  if (start >= limit) {
    token.kind = 'end';
    token.end = limit;
    return;
  }
  const byte = bytes[start] as number;
  const kind = classOf[byte] as number;
  if ((kind & WORD_START) !== 0) readWord(bytes, limit, token);
  else if ((kind & DIGIT) !== 0) readNumber(bytes, limit, token);
  else if ((kind & OPERATOR) !== 0) readOperator(bytes, limit, token);
  else readOther(bytes, limit, token);
}

/** The tokens of a byte range, each a new object. Includes comments. */
export function* tokensOf(bytes: Uint8Array, start: number, end: number): Generator<Readonly<Token>> {
  let at = start;
  for (;;) {
    const token = createToken();
    nextToken(bytes, at, end, token);
    if (token.kind === 'end') return;
    yield token;
    at = token.end;
  }
}

function readWord(bytes: Uint8Array, limit: number, token: Token): void {
  const start = token.start;
  let at = start;
  let seen = 0;
  while (at < limit && ((classOf[bytes[at] as number] as number) & WORD_PART) !== 0) {
    seen |= bytes[at] as number;
    at += 1;
  }
  token.beyondAscii = seen >= 128;
  const quote = at < limit ? (bytes[at] as number) : 0;
  const first = (bytes[start] as number) | 32;
  if (quote === 39 && at - start === 1) {
    if (first === 101) return readEscapeString(bytes, at, limit, token);
    if (first === 98 || first === 120 || first === 110) return readQuoted(bytes, at, limit, token);
  }
  // U&'…' and U&"…"
  if (quote === 38 && at - start === 1 && first === 117 && at + 1 < limit) {
    const next = bytes[at + 1] as number;
    if (next === 39 || next === 34) return readQuoted(bytes, at + 1, limit, token);
  }
  token.kind = 'word';
  token.end = at;
}

/** '…' or "…" with a doubled quote as the only escape. `open` is the position of the quote. */
function readQuoted(bytes: Uint8Array, open: number, limit: number, token: Token): void {
  const quote = bytes[open] as number;
  token.kind = quote === 39 ? 'string' : 'quoted-identifier';
  let at = open + 1;
  while (at < limit) {
    if ((bytes[at] as number) === quote) {
      if (at + 1 >= limit || (bytes[at + 1] as number) !== quote) {
        token.end = at + 1;
        return;
      }
      at += 1;
    }
    at += 1;
  }
  token.unterminated = true;
  token.end = limit;
}

/** E'…' with backslash escapes; a continuation on the next line keeps them. */
function readEscapeString(bytes: Uint8Array, open: number, limit: number, token: Token): void {
  token.kind = 'string';
  let at = open + 1;
  while (at < limit) {
    const byte = bytes[at] as number;
    if (byte === 92) at += 2;
    else if (byte !== 39) at += 1;
    else if (at + 1 < limit && (bytes[at + 1] as number) === 39) at += 2;
    else {
      const next = continuation(bytes, at + 1, limit);
      if (next === -1) {
        token.end = at + 1;
        return;
      }
      at = next + 1;
    }
  }
  token.unterminated = true;
  token.end = limit;
}

/** Position of the quote that continues a string after white space with a line break (and line comments), or -1. */
function continuation(bytes: Uint8Array, from: number, limit: number): number {
  let broken = false;
  let at = from;
  while (at < limit) {
    const byte = bytes[at] as number;
    if (byte === 39) return broken ? at : -1;
    if (byte === 10 || byte === 13) broken = true;
    if (byte === 45 && bytes[at + 1] === 45) at = lineEnd(bytes, at, limit);
    else if (((classOf[byte] as number) & SPACE) !== 0) at += 1;
    else return -1;
  }
  return -1;
}

function readNumber(bytes: Uint8Array, limit: number, token: Token): void {
  let at = token.start + 1;
  while (at < limit) {
    const byte = bytes[at] as number;
    const signed = (byte === 43 || byte === 45) && isExponent(bytes, token.start, at);
    // `1..2` is a range in PL/pgSQL; `$` starts a dollar quote after a number.
    if (byte === 46 ? bytes[at + 1] === 46 : byte === 36 || (!signed && !isWordPart(byte))) break;
    at += 1;
  }
  token.kind = 'number';
  token.end = at;
}

function isWordPart(byte: number): boolean {
  return ((classOf[byte] as number) & WORD_PART) !== 0;
}

/** Does the sign at `at` belong to an exponent (`1e-5`), rather than being an operator after a hexadecimal number? */
function isExponent(bytes: Uint8Array, start: number, at: number): boolean {
  if (((bytes[at - 1] as number) | 32) !== 101 || bytes[at + 1] === 45) return false;
  return !(bytes[start] === 48 && ((bytes[start + 1] as number) | 32) === 120);
}

function readOperator(bytes: Uint8Array, limit: number, token: Token): void {
  const start = token.start;
  const first = bytes[start] as number;
  const second = start + 1 < limit ? (bytes[start + 1] as number) : 0;
  if (first === 45 && second === 45) {
    token.kind = 'line-comment';
    token.end = lineEnd(bytes, start, limit);
    return;
  }
  if (first === 47 && second === 42) return readBlockComment(bytes, limit, token);
  let at = start + 1;
  while (at < limit && ((classOf[bytes[at] as number] as number) & OPERATOR) !== 0) {
    const byte = bytes[at] as number;
    const next = at + 1 < limit ? (bytes[at + 1] as number) : 0;
    if ((byte === 45 && next === 45) || (byte === 47 && next === 42)) break;
    at += 1;
  }
  token.kind = 'operator';
  token.end = at;
}

/** The end of the line that contains `at`: the position of its LF or CR, or the limit. */
function lineEnd(bytes: Uint8Array, at: number, limit: number): number {
  let end = at;
  while (end < limit && bytes[end] !== 10 && bytes[end] !== 13) end += 1;
  return end;
}

function readBlockComment(bytes: Uint8Array, limit: number, token: Token): void {
  token.kind = 'block-comment';
  let depth = 1;
  let at = token.start + 2;
  while (at + 1 < limit) {
    const byte = bytes[at] as number;
    const next = bytes[at + 1] as number;
    if (byte === 42 && next === 47) {
      depth -= 1;
      at += 2;
      if (depth === 0) {
        token.end = at;
        return;
      }
    } else if (byte === 47 && next === 42) {
      depth += 1;
      at += 2;
    } else at += 1;
  }
  token.unterminated = true;
  token.end = limit;
}

function readOther(bytes: Uint8Array, limit: number, token: Token): void {
  const start = token.start;
  const byte = bytes[start] as number;
  if (byte === 39 || byte === 34) return readQuoted(bytes, start, limit, token);
  if (byte === 36) return readDollar(bytes, limit, token);
  if (byte === 46 && start + 1 < limit && ((classOf[bytes[start + 1] as number] as number) & DIGIT) !== 0) {
    return readNumber(bytes, limit, token);
  }
  if (byte === 92) {
    token.kind = 'backslash';
    token.end = lineEnd(bytes, start, limit);
    return;
  }
  token.kind = 'punctuation';
  token.end = start + 1;
}

function readDollar(bytes: Uint8Array, limit: number, token: Token): void {
  const start = token.start;
  let at = start + 1;
  if (at < limit && ((classOf[bytes[at] as number] as number) & DIGIT) !== 0) {
    while (at < limit && ((classOf[bytes[at] as number] as number) & DIGIT) !== 0) at += 1;
    token.kind = 'parameter';
    token.end = at;
    return;
  }
  while (at < limit && bytes[at] !== 36 && ((classOf[bytes[at] as number] as number) & WORD_PART) !== 0) at += 1;
  if (at >= limit || bytes[at] !== 36) {
    token.kind = 'punctuation';
    // A tag that the limit cuts off may continue after it.
    token.end = at >= limit ? limit : start + 1;
    return;
  }
  const tag = at + 1 - start;
  token.kind = 'dollar-string';
  const close = findTag(bytes, start, tag, limit);
  token.unterminated = close === -1;
  token.end = close === -1 ? limit : close + tag;
}

/** The next position of the tag at `start` (with its dollars, `length` bytes). */
function findTag(bytes: Uint8Array, start: number, length: number, limit: number): number {
  let at = start + length;
  while (at + length <= limit) {
    if (bytes[at] === 36) {
      let same = 1;
      while (same < length && bytes[at + same] === bytes[start + same]) same += 1;
      if (same === length) return at;
    }
    at += 1;
  }
  return -1;
}
