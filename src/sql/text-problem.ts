import type { FaultCode } from '../kit/catalogue/index.ts';

/** Something wrong with the text itself, found by the lexer. The place counts from 1, columns in characters. */
export interface TextProblem {
  readonly code: FaultCode;
  /** Byte offset in the body. */
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  /** The cause and the fix in this case, if they say more than the catalogue. */
  readonly why?: string;
  readonly fix?: string;
}

/** A problem whose line and column have not been counted yet. */
export type UnplacedProblem = { -readonly [Key in keyof TextProblem]: TextProblem[Key] };

/** A problem at a byte offset; the splitter adds its place. */
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
