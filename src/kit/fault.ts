import { catalogue, type FaultCode } from './catalogue/index.ts';
import { gravest, type ExitCode } from './exit-code.ts';
import type { Finding, Place, Severity } from './finding.ts';

/** The details that make a catalogue entry specific: the cause in this case, a fix with the real names, the place. */
export interface FaultDetails {
  readonly why?: string;
  readonly fix?: string;
  readonly where?: Place;
  readonly severity?: Severity;
}

/** Builds a finding from its catalogue entry; `details` replace the general texts by specific ones. */
export function fault(code: FaultCode, details: FaultDetails = {}): Finding {
  const entry = catalogue[code];
  return {
    code,
    severity: details.severity ?? entry.severity ?? 'error',
    title: entry.title,
    why: details.why ?? entry.why,
    fix: details.fix ?? entry.fix,
    ...(details.where === undefined ? {} : { where: details.where }),
  };
}

/** The exit code that the gravest of these findings asks for; 0 when none is an error. */
export function exitCodeOf(findings: readonly Finding[]): ExitCode {
  const errors = findings.filter(({ severity }) => severity === 'error');
  return gravest(errors.map(({ code }) => (Object.hasOwn(catalogue, code) ? catalogue[code].exit : 70)));
}

/**
 * Thrown where an Outcome cannot travel (for example, inside a driver's callback), and caught at the adapter's edge.
 */
export class FaultError extends Error {
  override readonly name = 'FaultError';
  readonly findings: readonly Finding[];

  constructor(...findings: readonly Finding[]) {
    super(findings.map((finding) => `${finding.code}: ${finding.title}. ${finding.why}`).join('\n'));
    this.findings = findings;
  }
}
