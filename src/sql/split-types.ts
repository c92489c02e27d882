import type { Token } from './lexer.ts';
import type { Shape } from './statement-shape.ts';
import type { TextProblem, UnplacedProblem } from './text-problem.ts';

/** One statement as the lexer sees it; offsets are bytes of the body. */
export interface Piece {
  /** Comments and white space before the statement begin here. */
  readonly start: number;
  /** First byte of the first token. */
  readonly head: number;
  /** Byte after the last token, the semicolon not counted. */
  readonly end: number;
  /** Place of `head`, from 1; columns count characters. */
  readonly line: number;
  readonly column: number;
  readonly kind: 'sql' | 'copy-in';
  /** Rows of COPY … FROM stdin, without the closing `\.` line. */
  readonly data?: { readonly start: number; readonly end: number };
  /** COPY … FROM stdin: the bytes of the command itself, which its window may have left long ago. */
  readonly command?: Uint8Array;
  /** True: the lexer has found a problem in it, so that parsing it makes no sense. */
  readonly broken: boolean;
  /** True: between the piece before and this one stand one semicolon, white space and comments only. */
  readonly joined: boolean;
}

/** A comment that may be a directive. */
export interface Comment {
  readonly offset: number;
  /** Its text without the comment marks, trimmed. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** True: it stands inside a statement. */
  readonly inside: boolean;
}

/** What one window of bytes gave. */
export interface SplitResult {
  readonly pieces: readonly Piece[];
  readonly problems: readonly TextProblem[];
  readonly comments: readonly Comment[];
  /** Body offset up to which everything is done; the next window begins here. */
  readonly consumed: number;
}

export type Loose<T> = { -readonly [Key in keyof T]: T[Key] };
/** Where a file stands between two windows. */
export interface SplitState {
  line: number;
  column: number;
  /** COPY … FROM stdin whose rows are being read. */
  copy: Loose<Piece> | undefined;
  copyFrom: number;
  /** Something else than a statement stood behind the last one. */
  apart: boolean;
}

/** What the loop over one window works on. */
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
