import type { ExitCode } from '../exit-code.ts';
import type { Severity } from '../severity.ts';

/** One expected failure. Codes are never renamed: people script against them. */
export interface CatalogueEntry {
  /** What is wrong, in one line, without a full stop. */
  readonly title: string;
  /** The usual cause, in plain words. */
  readonly why: string;
  /** What to type or change. */
  readonly fix: string;
  /** Can the same command succeed later without any change by the user? */
  readonly retryable?: boolean;
  /** Exit code of the command when this is its verdict. */
  readonly exit: ExitCode;
  /** Default severity: `error`. */
  readonly severity?: Severity;
}

/** Keeps the literal codes of one part of the catalogue while checking its entries. */
export function entries<Code extends string>(part: Record<Code, CatalogueEntry>): Record<Code, CatalogueEntry> {
  return part;
}
