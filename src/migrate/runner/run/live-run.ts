import type { Backend, WatchedConnection } from '../session/backend.ts';
import type { LiveRun } from './run-state.ts';

/** `moved`: somebody else has raised the epoch in between, so that what was sent under the expected one did nothing. */
export type Begun = { readonly kind: 'begun'; readonly environmentId: string } | { readonly kind: 'moved' };

/** Columns that migrations add to tables that were there before: migration, table, column. */
export type AddedColumns = readonly (readonly [migration: string, table: string, column: string])[];

/** The connections that a run works on. */
export function workingOn({ session, backend, copySession, copyBackend }: LiveRun): readonly WatchedConnection[] {
  return [{ session, backend }, ...(copySession === undefined ? [] : [{ session: copySession, backend: copyBackend }])];
}

/** The server's processes behind them, as far as they are known. */
export function backendsOf({ backend, copyBackend }: LiveRun): readonly Backend[] {
  return copyBackend === undefined ? [backend] : [backend, copyBackend];
}
