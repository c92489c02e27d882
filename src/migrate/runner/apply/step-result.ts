import type { Finding } from '../../../kit/finding.ts';
import type { RefusedReply } from '../../contract/ports.ts';

/** How a step of more than one message ended. `partlyApplied`: part of it is applied and recorded. */
export type StepResult =
  /** `alone`: its statement has run outside a transaction after all, so the migration is not recorded yet. */
  | { readonly kind: 'applied'; readonly head: string; readonly ms: number; readonly alone?: true }
  | {
      readonly kind: 'refused';
      readonly refusal: RefusedReply;
      readonly finding: Finding;
      readonly partlyApplied: boolean;
    }
  | { readonly kind: 'stopped'; readonly finding: Finding; readonly partlyApplied: boolean }
  | { readonly kind: 'interrupted'; readonly partlyApplied: boolean };
