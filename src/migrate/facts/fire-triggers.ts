import type { Session } from '../ports.ts';

/** A trigger to be set off. */
export interface FiredTrigger {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
}

/** What became of it. */
export interface FireResult {
  readonly trigger: FiredTrigger;
  readonly fired: 'yes' | 'no' | 'not-tried';
  readonly why: string;
}

export async function fireTriggers(
  _session: Session,
  triggers: readonly FiredTrigger[],
): Promise<readonly FireResult[]> {
  return Promise.resolve(triggers.map((trigger) => ({ trigger, fired: 'not-tried' as const, why: 'no way yet' })));
}
