import type { RunEvent } from '../migrate/contract/event.ts';

/**
 * Did an execution find that its database is not that of the environment? Then nothing that it tells is of the
 * environment: neither its identity nor its history.
 *
 * @example
 * if (isOfAnother(execution.events)) return [];
 */
export function isOfAnother(events: readonly RunEvent[]): boolean {
  return events.some((event) => event.kind === 'finding' && event.finding.code === 'wrong-database');
}
