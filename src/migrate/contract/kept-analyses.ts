import type { Analysis } from './model.ts';

/**
 * Analyses that were made before, by a hash of everything they depend on (`analysisInputs`). They decide what is
 * executed and verified, so whoever implements this returns only what the same code has made of the same inputs.
 */
export interface KeptAnalyses {
  /** Undefined: it is not known, and is made. */
  find(inputs: string): Analysis | undefined;
  keep(inputs: string, analysis: Analysis): void;
}
