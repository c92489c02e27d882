import type { Check } from '../../contract/model.ts';
import { matches } from '../../contract/object-pattern.ts';

/** The checks, with those of ignored objects as notes that say which pattern ignores them. */
export function ignoring(patterns: readonly string[], checks: readonly Check[]): readonly Check[] {
  if (patterns.length === 0) return checks;
  return checks.map((check) => {
    if (check.ok) return check;
    const object = { kind: check.kind.replace(/^drift-/, '').replaceAll('-', ' '), name: check.object };
    const ignoredBy = patterns.find((pattern) => matches(pattern, object));
    return ignoredBy === undefined ? check : { ...check, severity: 'note', ignoredBy };
  });
}
