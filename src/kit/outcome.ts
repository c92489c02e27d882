import type { Finding } from './finding.ts';

/** The result of work that can fail in expected ways. Bugs are thrown; faults are returned. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** A successful outcome. */
export function ok<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

/** A failed outcome: at least one finding says why. */
export function err(...findings: readonly Finding[]): { readonly ok: false; readonly findings: readonly Finding[] } {
  return { ok: false, findings };
}
