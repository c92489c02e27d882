import { createToken, nextToken } from './lexer.ts';
import type { SplitWork } from './split-types.ts';
import { problem } from './text-problem.ts';

/** Reads the rows of COPY … FROM stdin. Returns where the SQL continues, or -1 when the window is used up. */
export function readCopyRows(work: SplitWork, from: number): number {
  const { bytes, base, state, final } = work;
  let at = from;
  if (state.copyFrom === -1) {
    const line = bytes.indexOf(10, at);
    if (line === -1 && !final) return -1;
    checkRestOfLine(work, at, line === -1 ? bytes.length : line);
    at = line === -1 ? bytes.length : line + 1;
    state.copyFrom = base + at;
  }
  for (;;) {
    const line = bytes.indexOf(10, at);
    const end = line === -1 ? bytes.length : line;
    if (bytes[at] === 92 && bytes[at + 1] === 46 && (line !== -1 || final) && isClosing(bytes, at, end)) {
      closeCopy(work, base + at, false);
      return end;
    }
    if (line === -1) break;
    at = line + 1;
  }
  if (!final) return at > from ? at : -1;
  if (state.copy !== undefined) {
    const { head, line, column } = state.copy;
    work.problems.push({ ...problem('sql-unterminated-copy', head), line, column });
  }
  closeCopy(work, base + bytes.length, true);
  return bytes.length;
}

function isClosing(bytes: Uint8Array, at: number, end: number): boolean {
  return end === at + 2 || (end === at + 3 && bytes[at + 2] === 13);
}

function closeCopy(work: SplitWork, end: number, broken: boolean): void {
  const { state } = work;
  const piece = state.copy;
  if (piece === undefined) return;
  state.copy = undefined;
  work.pieces.push({ ...piece, data: { start: Math.min(state.copyFrom, end), end }, broken: piece.broken || broken });
}

/** Only a comment may follow the semicolon of COPY … FROM stdin; rows start on the next line. */
function checkRestOfLine(work: SplitWork, from: number, end: number): void {
  const token = createToken();
  nextToken(work.bytes, from, end, token);
  if (token.kind !== 'end' && token.kind !== 'line-comment') {
    work.problems.push(problem('sql-copy-line', work.base + token.start));
  }
}
