import { fault } from '../../kit/fault.ts';
import { firstTyped } from '../../kit/option-name.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';

/** The options that name many databases. */
export interface FleetOptions {
  readonly databases?: string | undefined;
  readonly databasesQuery?: string | undefined;
  readonly schemasQuery?: string | undefined;
  readonly parallel?: number | undefined;
}

/** Does the command work on many databases? */
export function namesFleet({ databases, databasesQuery, schemasQuery }: FleetOptions): boolean {
  return [databases, databasesQuery, schemasQuery].some((one) => one !== undefined);
}

/** The options that only many databases have: without a list they would be silently ignored. */
export function withoutFleet(options: Readonly<Record<string, unknown>>): Outcome<void> {
  const typed = firstTyped(options);
  if (typed === undefined) return ok(undefined);
  return err(fault('wrong-usage', { why: `${typed} belongs to --databases, --databases-query or --schemas-query.` }));
}
