import type { FaultCode } from '../kit/catalogue/index.ts';

/** Something wrong with the text itself, found by the lexer; the place counts from 1, columns in characters. */
export interface TextProblem {
  readonly code: FaultCode;
  /** Byte offset in the body. */
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  /** The cause and the cure in this case, where they say more than the catalogue. */
  readonly why?: string;
  readonly fix?: string;
}

/** A problem whose line and column are not counted yet. */
export type UnplacedProblem = { -readonly [Key in keyof TextProblem]: TextProblem[Key] };

/** A problem at a byte offset, to be placed by the splitter. */
export function problem(code: FaultCode, offset: number, why?: string, fix?: string): UnplacedProblem {
  return {
    code,
    offset,
    line: 0,
    column: 0,
    ...(why === undefined ? {} : { why }),
    ...(fix === undefined ? {} : { fix }),
  };
}
