import type { ExitCode } from './exit-code.ts';
import { exitCodeOf } from './fault.ts';
import type { Finding } from './finding.ts';

/**
 * Why a call of the library was rejected. Calls return findings by default. They reject when a result without success
 * would be useless: `testDatabase`, and any call with `throwOnFailure: true`.
 */
export class GodwitError extends Error {
  override readonly name = 'GodwitError';
  /** The code of the first finding that is an error. */
  readonly code: Finding['code'];
  /** Everything that was found, warnings included. */
  readonly findings: readonly Finding[];
  /** The exit code that the command would have. */
  readonly exitCode: ExitCode;

  constructor(findings: readonly Finding[], exitCode: ExitCode = exitCodeOf(findings)) {
    const errors = findings.filter(({ severity }) => severity === 'error');
    super(errors.map(textOf).join('\n') || `The command would end with ${exitCode}.`);
    this.code = errors[0]?.code ?? 'bug';
    this.findings = findings;
    this.exitCode = exitCode;
  }
}

function textOf({ code, title, why, fix, where }: Finding): string {
  const place = where === undefined ? '' : `${[where.file, where.line, where.column].filter(Boolean).join(':')}: `;
  return `${place}${title} [${code}]\n  ${why}\n  ${fix}`;
}
