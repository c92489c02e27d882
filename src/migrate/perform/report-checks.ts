import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { Check } from '../model.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import type { VerificationTerms } from '../task.ts';
import type { VerifiedMigration } from './check-facts.ts';
import { verdictOf, wellDone, type Verdict } from './verdict.ts';

const mostPerEvent = 500;

/** Sends the checks, and what could not be checked. */
export function report(
  ports: RunnerPorts,
  checks: readonly Check[],
  migrations: readonly VerifiedMigration[],
  terms: VerificationTerms,
): void {
  for (let at = 0; at < checks.length; at += mostPerEvent)
    ports.emit({ kind: 'checks', checks: checks.slice(at, at + mostPerEvent) });
  if (!terms.strict) for (const finding of notChecked(migrations)) ports.emit({ kind: 'finding', finding });
}

/** The verdict on the checks: failed ones, and with `--strict` also warnings and what could not be checked. */
export function concluded(
  checks: readonly Check[],
  migrations: readonly VerifiedMigration[],
  terms: VerificationTerms,
): Verdict {
  const findings: Finding[] = [];
  for (const check of checks) {
    if (check.ok || check.severity === 'note') continue;
    const severity = terms.strict ? 'error' : check.severity;
    const why = `${check.kind} ${check.object}: expected ${check.expected}, found ${check.actual}.`;
    findings.push(
      fault(severity === 'error' ? 'check-failed' : 'check-warning', { severity, why, where: check.where }),
    );
  }
  if (terms.strict)
    findings.push(...notChecked(migrations).map((finding) => ({ ...finding, severity: 'error' as const })));
  return findings.some((finding) => finding.severity === 'error')
    ? verdictOf(...findings)
    : { ...wellDone(), findings };
}

function notChecked(migrations: readonly VerifiedMigration[]): readonly Finding[] {
  return migrations.flatMap(({ up }) =>
    (up?.effects ?? []).flatMap((effect) =>
      effect.op === 'opaque'
        ? [fault('not-checked', { where: effect.where, why: `${effect.tag}: its effect cannot be seen in its text.` })]
        : [],
    ),
  );
}
