import type { RunEvent } from '../migrate/contract/event.ts';

/**
 * Says whether an execution found that its database is not that of the environment. If so, its events do not describe
 * the environment: neither their identity nor their history is the environment's.
 *
 * @example
 * if (isOfAnother(execution.events)) return [];
 */
export function isOfAnother(events: readonly RunEvent[]): boolean {
  return events.some((event) => event.kind === 'finding' && event.finding.code === 'wrong-database');
}
