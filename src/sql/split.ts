import { decodeUtf8, findEncodingProblems } from './encoding.ts';
import { readCopyRows } from './copy-rows.ts';
import { createToken, nextToken } from './lexer.ts';
import { placeMarks } from './place-marks.ts';
import { judgePsqlLine } from './psql.ts';
import type { Loose, Piece, SplitResult, SplitState, SplitWork } from './split-types.ts';
import { createShape, endsHere, noteToken, resetShape } from './statement-shape.ts';
import { problem, type UnplacedProblem } from './text-problem.ts';
import { findUnicodeSpace } from './unicode-space.ts';

export type { Comment, Piece, SplitResult, SplitState } from './split-types.ts';

/** State before the first window, which begins at this line. */
export function createSplitState(line = 1): SplitState {
  return { line, column: 1, copy: undefined, copyFrom: 0, apart: true };
}

/** Splits a whole text. Offsets and places refer to this text. */
export function split(bytes: Uint8Array): SplitResult {
  return splitWindow(createSplitState(), bytes, 0, true);
}

/**
 * Splits a window of a body into statements.
 * @param state From `createSplitState`; carries the place and unfinished COPY rows to the next window.
 * @param bytes The window. It starts at the `consumed` of the previous one.
 * @param base Body offset of its first byte.
 * @param final True: nothing follows. Otherwise an incomplete statement waits for a larger window; when `consumed`
 * equals `base`, the window must grow.
 */
export function splitWindow(state: SplitState, bytes: Uint8Array, base: number, final: boolean): SplitResult {
  const work: SplitWork = {
    bytes,
    base,
    final,
    state,
    token: createToken(),
    shape: createShape(),
    pieces: [],
    problems: [],
    comments: [],
  };
  let at = 0;
  for (;;) {
    const next = state.copy === undefined ? readStatement(work, at) : readCopyRows(work, at);
    if (next === -1) break;
    at = next;
  }
  // Only comments remain at the end of the text.
  const consumed = final ? bytes.length : at;
  const broken = findEncodingProblems(bytes, 0, consumed);
  for (const one of broken) one.offset += base;
  markBroken(work.pieces, broken);
  work.problems.push(...broken);
  placeMarks(work, consumed);
  return { pieces: work.pieces, problems: work.problems, comments: work.comments, consumed: base + consumed };
}

function markBroken(pieces: readonly Loose<Piece>[], problems: readonly UnplacedProblem[]): void {
  for (const { offset } of problems) {
    for (const piece of pieces) if (offset >= piece.head && offset < piece.end) piece.broken = true;
  }
}

/**
 * Reads one statement or psql line from `from` on. Returns where the next one starts, -1 if nothing complete is left.
 */
function readStatement(work: SplitWork, from: number): number {
  const { bytes, token, shape, final } = work;
  const limit = bytes.length;
  const problemsBefore = work.problems.length;
  const commentsBefore = work.comments.length;
  resetShape(shape);
  let at = from;
  let head = -1;
  let end = from;
  for (;;) {
    nextToken(bytes, at, limit, token);
    const semicolon = token.kind === 'punctuation' && bytes[token.start] === 59;
    if (!final && token.end >= limit && !semicolon) {
      work.problems.length = problemsBefore;
      work.comments.length = commentsBefore;
      return -1;
    }
    if (token.kind === 'end') {
      if (head !== -1) finish(work, { from, head, end, problemsBefore }, -1);
      return -1;
    }
    at = token.end;
    if (token.kind === 'line-comment' || token.kind === 'block-comment') noteComment(work, head !== -1);
    else if (token.kind === 'backslash') {
      return readPsqlLine(work, head !== -1);
    } else if (semicolon && endsHere(shape)) {
      if (head === -1) work.state.apart = true;
      else finish(work, { from, head, end, problemsBefore }, at);
      return at;
    } else {
      if (head === -1) head = token.start;
      end = token.end;
      noteToken(shape, bytes, token);
      checkToken(work);
    }
  }
}

const unterminated = {
  string: 'sql-unterminated-string',
  'quoted-identifier': 'sql-unterminated-identifier',
  'dollar-string': 'sql-unterminated-dollar',
  'block-comment': 'sql-unterminated-comment',
} as const;

function checkToken(work: SplitWork): void {
  const { token, bytes, base } = work;
  if (token.unterminated && token.kind in unterminated) {
    work.problems.push(problem(unterminated[token.kind as keyof typeof unterminated], base + token.start));
  }
  if (!token.beyondAscii || token.kind !== 'word') return;
  const space = findUnicodeSpace(bytes, token.start, token.end);
  if (space === undefined) return;
  work.problems.push(
    problem(
      'sql-unicode-space',
      base + space.offset,
      `${space.name} looks like a space, but PostgreSQL reads it as a letter.`,
    ),
  );
}

function noteComment(work: SplitWork, inside: boolean): void {
  const { token, bytes, base } = work;
  checkToken(work);
  let at = token.start + 2;
  while (at < token.end && (bytes[at] === 32 || bytes[at] === 9)) at += 1;
  // Only comments that start with `go` are decoded: comments are many, directives few.
  if (((bytes[at] as number) | 32) !== 103 || ((bytes[at + 1] as number) | 32) !== 111) return;
  const close = token.kind === 'block-comment' && !token.unterminated ? token.end - 2 : token.end;
  const text = decodeUtf8(bytes.subarray(at, close)).trim();
  if (/^godwit\b/i.test(text)) work.comments.push({ offset: base + token.start, text, line: 0, column: 0, inside });
}

/**
 * A psql line: skipped when harmless, otherwise a problem. The unfinished statement before it on the line is dropped.
 */
function readPsqlLine(work: SplitWork, inside: boolean): number {
  const { token, bytes, base } = work;
  work.state.apart = true;
  const verdict = judgePsqlLine(decodeUtf8(bytes.subarray(token.start, token.end)));
  if (!verdict.ok) work.problems.push(problem('sql-psql-command', base + token.start, verdict.why, verdict.fix));
  else if (inside) {
    const why = 'A psql command is in the middle of a statement.';
    work.problems.push(problem('sql-psql-command', base + token.start, why, 'End the statement before it with `;`.'));
  }
  return token.end;
}

interface FoundStatement {
  readonly from: number;
  readonly head: number;
  readonly end: number;
  readonly problemsBefore: number;
}

/** Adds a statement. `after` is the position after its semicolon, -1 at the end of the text. */
function finish(work: SplitWork, found: FoundStatement, after: number): void {
  const { base, shape, problems } = work;
  const piece: Loose<Piece> = {
    start: base + found.from,
    head: base + found.head,
    end: base + found.end,
    line: 0,
    column: 0,
    kind: shape.copyIn ? 'copy-in' : 'sql',
    broken: problems.length > found.problemsBefore,
    joined: !work.state.apart,
  };
  work.state.apart = shape.copyIn;
  if (!shape.copyIn) {
    work.pieces.push(piece);
    return;
  }
  if (after === -1) {
    problems.push(problem('sql-unterminated-copy', piece.head));
    work.pieces.push({ ...piece, data: { start: piece.end, end: piece.end }, broken: true });
    return;
  }
  // Copied with its own place and bytes, because the rows may fill many windows.
  work.state.copy = { ...piece, command: work.bytes.slice(found.head, found.end) };
  work.state.copyFrom = -1;
}
