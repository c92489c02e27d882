import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { Check } from '../../contract/model.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { VerificationOptions } from '../../contract/task.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';

const mostPerEvent = 500;

/** Reports the checks. */
export function report(ports: RunnerPorts, checks: readonly Check[]): void {
  for (let at = 0; at < checks.length; at += mostPerEvent)
    ports.emit({ kind: 'checks', checks: checks.slice(at, at + mostPerEvent) });
}

/** The verdict on the checks: failed ones, and with `--strict` also warnings. */
export function concluded(
  checks: readonly Check[],
  options: VerificationOptions,
  others: readonly Finding[] = [],
): Verdict {
  const strict = (finding: Finding): Finding =>
    options.strict && (finding.severity === 'warning' || finding.code === 'not-compared')
      ? { ...finding, severity: 'error' }
      : finding;
  const findings: Finding[] = others.map(strict);
  for (const check of checks) {
    if (check.ok || check.severity === 'note') continue;
    const why = `${check.kind} ${check.object}: expected ${check.expected}, found ${check.actual}.`;
    const code = check.severity === 'error' || options.strict ? 'check-failed' : 'check-warning';
    findings.push(fault(code, { why, where: check.where }));
  }
  return findings.some((finding) => finding.severity === 'error')
    ? verdictOf(...findings)
    : { ...succeeded(), findings };
}
