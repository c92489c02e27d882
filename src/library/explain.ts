import { catalogue, type FaultCode } from '../kit/catalogue/index.ts';
import type { CatalogueEntry } from '../kit/catalogue/entry.ts';

/** The catalogue's entry for a code. */
export interface Explanation extends CatalogueEntry {
  readonly code: FaultCode;
}

/**
 * Explains a code: what is wrong, why, and what to do.
 *
 * @param code a code as findings show it
 * @returns the entry of the catalogue; undefined if there is no such code
 * @example
 * const busy = explain('busy');
 * // busy?.exit: 20
 */
export function explain(code: FaultCode): Explanation;
export function explain(code: string): Explanation | undefined;
export function explain(code: string): Explanation | undefined {
  if (!Object.hasOwn(catalogue, code)) return undefined;
  const known = code as FaultCode;
  return { code: known, ...catalogue[known] };
}
