import { isWord } from './character-class.ts';
import type { Token } from './lexer.ts';

/** What the splitter remembers within one statement, to know which semicolon ends it. */
export interface Shape {
  /** The number of tokens so far, without comments. */
  tokens: number;
  first: 'none' | 'create' | 'copy' | 'other';
  object: 'unknown' | 'routine' | 'rule' | 'other';
  /** Depth of parentheses. */
  depth: number;
  /** Depth of BEGIN ATOMIC and CASE, 0 outside a body. */
  body: number;
  /** What the previous token was. */
  before: 'none' | 'begin' | 'from' | 'name';
  copyIn: boolean;
}

export function createShape(): Shape {
  return { tokens: 0, first: 'none', object: 'unknown', depth: 0, body: 0, before: 'none', copyIn: false };
}

export function resetShape(shape: Shape): void {
  shape.tokens = 0;
  shape.first = 'none';
  shape.object = 'unknown';
  shape.depth = 0;
  shape.body = 0;
  shape.before = 'none';
  shape.copyIn = false;
}

/** Does a semicolon end the statement here? Only rules and BEGIN ATOMIC bodies contain inner semicolons. */
export function endsHere(shape: Shape): boolean {
  return shape.body === 0 && (shape.depth === 0 || shape.object !== 'rule');
}

/** Updates the shape with one token that is not a comment. */
export function noteToken(shape: Shape, bytes: Uint8Array, token: Token): void {
  if (token.kind === 'word') {
    noteWord(shape, bytes, token);
    shape.tokens += 1;
    return;
  }
  if (shape.tokens === 0) shape.first = 'other';
  if (token.kind === 'punctuation') {
    const byte = bytes[token.start] as number;
    if (byte === 40) shape.depth += 1;
    else if (byte === 41 && shape.depth > 0) shape.depth -= 1;
    // After a dot, every word is a name.
    shape.before = byte === 46 ? 'name' : 'none';
  } else shape.before = 'none';
  shape.tokens += 1;
}

function noteWord(shape: Shape, bytes: Uint8Array, token: Token): void {
  if (shape.first === 'other') return;
  const { start, end } = token;
  if (shape.tokens === 0) {
    shape.first = isWord(bytes, start, end, 'create') ? 'create' : isWord(bytes, start, end, 'copy') ? 'copy' : 'other';
    return;
  }
  if (shape.first === 'copy') return noteCopyWord(shape, bytes, token);
  if (shape.object === 'unknown') {
    if (isWord(bytes, start, end, 'or') || isWord(bytes, start, end, 'replace')) return;
    const routine = isWord(bytes, start, end, 'function') || isWord(bytes, start, end, 'procedure');
    shape.object = routine ? 'routine' : isWord(bytes, start, end, 'rule') ? 'rule' : 'other';
    return;
  }
  if (shape.object === 'routine' && shape.depth === 0) noteRoutineWord(shape, bytes, token);
}

function noteCopyWord(shape: Shape, bytes: Uint8Array, token: Token): void {
  if (shape.depth > 0) return;
  const { start, end } = token;
  if (shape.before === 'from' && (isWord(bytes, start, end, 'stdin') || isWord(bytes, start, end, 'stdout'))) {
    shape.copyIn = true;
  }
  shape.before = isWord(bytes, start, end, 'from') ? 'from' : 'none';
}

function noteRoutineWord(shape: Shape, bytes: Uint8Array, token: Token): void {
  const { start, end } = token;
  const before = shape.before;
  shape.before = 'none';
  if (before === 'name') return;
  if (isWord(bytes, start, end, 'begin')) shape.before = 'begin';
  else if (isWord(bytes, start, end, 'as')) shape.before = 'name';
  else if (before === 'begin' && isWord(bytes, start, end, 'atomic')) shape.body += 1;
  else if (shape.body > 0 && isWord(bytes, start, end, 'case')) shape.body += 1;
  else if (shape.body > 0 && isWord(bytes, start, end, 'end')) shape.body -= 1;
}
