import { isWord } from './character-class.ts';
import { createToken, nextToken } from './lexer.ts';
import { splitStream, type Piece, type ReadableBytes, type SplitStep } from './stream.ts';

/** A statement, or a range of similar statements, by its span in a body. */
export interface StatementSpan {
  readonly start: number;
  readonly head: number;
  readonly end: number;
  /** The number of statements in the range. */
  readonly count: number;
  readonly data?: { readonly start: number; readonly end: number };
}

/**
 * Checks, with the lexer alone, that spans lie on the borders of statements and leave none out. A runner does this
 * before it trusts an analysis that was made elsewhere.
 * @param source The body, without BOM.
 * @param spans In order.
 * @param absorbed How many statements that control transactions belong to no span.
 * @returns A description of what is wrong; undefined if all is well.
 */
export async function checkSpans(
  source: ReadableBytes,
  spans: readonly StatementSpan[],
  absorbed: number,
): Promise<string | undefined> {
  let index = 0;
  let left = 0;
  let outside = 0;
  for await (const step of splitStream(source)) {
    const [problem] = step.problems;
    if (problem !== undefined) return `the text has a problem (${problem.code}) at byte ${problem.offset}`;
    for (const piece of step.pieces) {
      const span = spans[index];
      if (left === 0 && outside < absorbed && span?.head !== piece.head && isControl(step, piece)) {
        outside += 1;
        continue;
      }
      if (span === undefined) return `the statement at byte ${piece.head} is in no span`;
      if (left === 0) {
        if (!begins(span, piece)) return `no statement begins at byte ${span.head} of span ${index}`;
        left = span.count;
      }
      left -= 1;
      if (left > 0) continue;
      if (span.end !== piece.end) return `span ${index} ends at byte ${span.end}, its statement at ${piece.end}`;
      index += 1;
    }
  }
  if (index < spans.length) return `span ${index} lies beyond the last statement`;
  return outside === absorbed ? undefined : `${outside} of ${absorbed} statements that control transactions are there`;
}

function begins(span: StatementSpan, piece: Piece): boolean {
  if (span.start !== piece.start || span.head !== piece.head || span.count < 1) return false;
  return span.data?.start === piece.data?.start && span.data?.end === piece.data?.end;
}

/** Does it start like a statement that controls transactions? Its content is trusted, like modes and objects. */
function isControl({ bytes, base }: SplitStep, piece: Piece): boolean {
  const token = createToken();
  nextToken(bytes, piece.head - base, piece.end - base, token);
  return token.kind === 'word' && controls.some((word) => isWord(bytes, token.start, token.end, word));
}

const controls = ['begin', 'start', 'commit', 'end', 'set'];
