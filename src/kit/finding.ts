import type { FaultCode } from './catalogue/index.ts';
import type { Severity } from './severity.ts';

export type { Severity } from './severity.ts';

/** A place in a file the user wrote. Lines and columns count from 1; columns count characters. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * What lint, preflight, planning, verification and diagnosis report, all in one form. `title` says what is wrong in one
 * line, `why` names the cause in this case, `fix` what to type or change.
 */
export interface Finding {
  /** From the catalogue: `godwit explain CODE` tells more. */
  readonly code: FaultCode;
  readonly severity: Severity;
  readonly title: string;
  readonly why: string;
  readonly fix: string;
  readonly where?: Place;
}
