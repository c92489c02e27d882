import { driftingKind } from '../../contract/check-kind.ts';
import type { Check } from '../../contract/model.ts';
import { matches } from '../../contract/object-pattern.ts';

/** The checks, with those of ignored objects as notes that say which pattern ignores them. */
export function ignoring(patterns: readonly string[], checks: readonly Check[]): readonly Check[] {
  if (patterns.length === 0) return checks;
  return checks.map((check) => {
    if (check.ok) return check;
    const kind = driftingKind(check.kind) ?? check.kind.replaceAll('-', ' ');
    const ignoredBy = patterns.find((pattern) => matches(pattern, { kind, name: check.object }));
    return ignoredBy === undefined ? check : { ...check, severity: 'note', ignoredBy };
  });
}
