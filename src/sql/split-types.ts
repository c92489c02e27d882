import type { Token } from './lexer.ts';
import type { Shape } from './statement-shape.ts';
import type { TextProblem, UnplacedProblem } from './text-problem.ts';

/** One statement as the lexer sees it; offsets are bytes of the body. */
export interface Piece {
  /** Where the comments and white space before the statement start. */
  readonly start: number;
  /** First byte of the first token. */
  readonly head: number;
  /** The byte after the last token, without the semicolon. */
  readonly end: number;
  /** Place of `head`, from 1; columns count characters. */
  readonly line: number;
  readonly column: number;
  readonly kind: 'sql' | 'copy-in';
  /** Rows of COPY … FROM stdin, without the closing `\.` line. */
  readonly data?: { readonly start: number; readonly end: number };
  /** COPY … FROM stdin: the bytes of the command itself, because its window may have passed long ago. */
  readonly command?: Uint8Array;
  /** True when the lexer has found a problem in it, so that parsing it makes no sense. */
  readonly broken: boolean;
  /** True when only one semicolon, white space and comments separate this piece from the one before. */
  readonly joined: boolean;
}

/** A comment that may be a directive. */
export interface Comment {
  readonly offset: number;
  /** Its text without the comment marks, trimmed. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** True inside a statement. */
  readonly inside: boolean;
}

/** The result of one window of bytes. */
export interface SplitResult {
  readonly pieces: readonly Piece[];
  readonly problems: readonly TextProblem[];
  readonly comments: readonly Comment[];
  /** The body offset up to which everything is done; the next window starts here. */
  readonly consumed: number;
}

export type Loose<T> = { -readonly [Key in keyof T]: T[Key] };
/** The state of a file between two windows. */
export interface SplitState {
  line: number;
  column: number;
  /** COPY … FROM stdin whose rows are being read. */
  copy: Loose<Piece> | undefined;
  copyFrom: number;
  /** True when something other than a statement followed the last one. */
  apart: boolean;
}

/** The state of the loop over one window. */
export interface SplitWork {
  readonly bytes: Uint8Array;
  readonly base: number;
  readonly final: boolean;
  readonly state: SplitState;
  readonly token: Token;
  readonly shape: Shape;
  readonly pieces: Loose<Piece>[];
  readonly problems: UnplacedProblem[];
  readonly comments: Loose<Comment>[];
}
