import { isWord } from './character-class.ts';
import { createToken, nextToken, type Token, type TokenKind } from './lexer.ts';

/** An INSERT whose rows are only literals and plain calls, by byte offsets. */
export interface SeedInsertSpans {
  /** The byte after VALUES. */
  readonly headEnd: number;
  /** The byte after the last row's parenthesis. */
  readonly rowsEnd: number;
  /** The number of values in each row. */
  readonly width: number;
}

/** Walks over the tokens of one statement; `token` is the current one. */
interface Walk {
  readonly bytes: Uint8Array;
  readonly end: number;
  readonly token: Token;
  /** The number of calls and arrays around the value being read. */
  depth: number;
}

const deepest = 8;

/**
 * Recognises `INSERT INTO t (…) VALUES (value, …), … [tail]`, the form of seed rows: a value is a literal, a plain call
 * such as `now()`, or an array of them. Comments, other expressions and rows of different widths do not fit.
 * @param headEnd The byte after VALUES if the head is known to be that of another seed insert; otherwise -1.
 */
export function matchSeedInsert(
  bytes: Uint8Array,
  head: number,
  end: number,
  headEnd: number,
): SeedInsertSpans | undefined {
  const walk: Walk = { bytes, end, token: createToken(), depth: 0 };
  const from = headEnd === -1 ? findValues(walk, head) : headEnd;
  if (from === -1) return undefined;
  let width = -1;
  step(walk, from);
  for (;;) {
    if (!isMark(walk, '(')) return undefined;
    const count = readValues(walk);
    if (count === -1 || !isMark(walk, ')') || (width !== -1 && count !== width)) return undefined;
    width = count;
    const rowsEnd = walk.token.end;
    next(walk);
    if (!isMark(walk, ',')) return { headEnd: from, rowsEnd, width };
    next(walk);
  }
}

function step(walk: Walk, at: number): TokenKind {
  nextToken(walk.bytes, at, walk.end, walk.token);
  return walk.token.kind;
}

function next(walk: Walk): TokenKind {
  return step(walk, walk.token.end);
}

function isMark({ bytes, token }: Walk, mark: string): boolean {
  return token.kind === 'punctuation' && bytes[token.start] === mark.charCodeAt(0);
}

/** The byte after the VALUES of an INSERT; -1 for other statements and other forms. */
function findValues(walk: Walk, head: number): number {
  const { bytes, token } = walk;
  if (step(walk, head) !== 'word' || !isWord(bytes, token.start, token.end, 'insert')) return -1;
  let depth = 0;
  for (;;) {
    const kind = next(walk);
    if (kind === 'punctuation') depth += isMark(walk, '(') ? 1 : isMark(walk, ')') ? -1 : 0;
    else if (kind === 'word') {
      if (depth === 0 && isWord(bytes, token.start, token.end, 'values')) return token.end;
      if (isWord(bytes, token.start, token.end, 'select')) return -1;
    } else if (kind !== 'quoted-identifier') return -1;
  }
}

/**
 * Reads values between the opening mark, which is the current token, and the closing one, which is the current token
 * afterwards. Returns -1 when they do not fit.
 */
function readValues(walk: Walk): number {
  let count = 0;
  do {
    next(walk);
    if (!readValue(walk)) return -1;
    count += 1;
  } while (isMark(walk, ','));
  return count;
}

/** Reads one value, which starts at the current token. Afterwards the current token is the next one. */
function readValue(walk: Walk): boolean {
  const { bytes, token } = walk;
  const { kind, start, end } = token;
  if (kind === 'operator' && end === start + 1 && (bytes[start] === 43 || bytes[start] === 45)) {
    if (next(walk) !== 'number') return false;
    next(walk);
  } else if (kind === 'string' || kind === 'number' || kind === 'dollar-string') {
    if (token.unterminated) return false;
    next(walk);
  } else if (kind !== 'word' || !readWordValue(walk)) return false;
  while (isMark(walk, ':')) if (!readCast(walk)) return false;
  return true;
}

const constants = ['null', 'true', 'false', 'default', 'current_timestamp', 'current_date'];
const literalTypes = ['date', 'time', 'timestamp', 'timestamptz', 'interval'];

/** `null`, `date '…'`, `array[…]`, `name(…)` */
function readWordValue(walk: Walk): boolean {
  const { bytes, token } = walk;
  const { start, end } = token;
  const kind = next(walk);
  if (constants.some((word) => isWord(bytes, start, end, word))) return true;
  if (kind === 'string') {
    if (token.unterminated || !literalTypes.some((word) => isWord(bytes, start, end, word))) return false;
    next(walk);
    return true;
  }
  const isArray = isWord(bytes, start, end, 'array');
  if (!isMark(walk, isArray ? '[' : '(') || walk.depth === deepest) return false;
  walk.depth += 1;
  const fits = readArguments(walk, isArray ? ']' : ')');
  walk.depth -= 1;
  next(walk);
  return fits;
}

function readArguments(walk: Walk, closing: string): boolean {
  const inside = walk.token.end;
  const before = walk.token.start;
  step(walk, inside);
  if (isMark(walk, closing)) return true;
  step(walk, before);
  return readValues(walk) !== -1 && isMark(walk, closing);
}

/**
 * `::type`, `::schema.type`, `::type[]`. The current token is the first colon, and afterwards whatever follows the
 * type.
 */
function readCast(walk: Walk): boolean {
  next(walk);
  if (!isMark(walk, ':')) return false;
  do {
    const kind = next(walk);
    if (kind !== 'word' && kind !== 'quoted-identifier') return false;
    next(walk);
  } while (isMark(walk, '.'));
  while (isMark(walk, '[')) {
    next(walk);
    if (!isMark(walk, ']')) return false;
    next(walk);
  }
  return true;
}
