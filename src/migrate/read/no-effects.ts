import type { Finding } from '../../kit/finding.ts';
import type { Effect } from '../facts/fact.ts';
import type { ParsedStatement } from './parsed-statement.ts';

/** Derives nothing: stands in where effects are not wanted. */
export function deriveEffects(_statements: readonly ParsedStatement[]): {
  readonly effects: readonly Effect[];
  readonly findings: readonly Finding[];
} {
  return { effects: [], findings: [] };
}
