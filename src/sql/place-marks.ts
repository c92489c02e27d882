import type { SplitWork } from './split-types.ts';

interface Mark {
  line: number;
  column: number;
}

/** Counts lines and characters up to `consumed`, and assigns each mark on the way its place. */
export function placeMarks(work: SplitWork, consumed: number): void {
  const marks: { offset: number; mark: Mark }[] = [];
  for (const piece of work.pieces) if (piece.line === 0) marks.push({ offset: piece.head, mark: piece });
  // Only a problem in COPY rows of an earlier window already has its place.
  for (const one of work.problems) if (one.line === 0) marks.push({ offset: one.offset, mark: one });
  for (const one of work.comments) marks.push({ offset: one.offset, mark: one });
  const { copy } = work.state;
  if (copy !== undefined && copy.line === 0) marks.push({ offset: copy.head, mark: copy });
  marks.sort((a, b) => a.offset - b.offset);
  let at = 0;
  for (const { offset, mark } of marks) {
    at = advance(work, at, offset - work.base);
    mark.line = work.state.line;
    mark.column = work.state.column;
  }
  advance(work, at, consumed);
}

function advance(work: SplitWork, from: number, to: number): number {
  const { bytes, state } = work;
  let { line, column } = state;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (byte === 10) {
      line += 1;
      column = 1;
    } else if ((byte & 0xc0) !== 0x80) column += 1;
  }
  state.line = line;
  state.column = column;
  return Math.max(from, to);
}
