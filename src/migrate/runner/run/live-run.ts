import type { Outcome } from '../../../kit/outcome.ts';
import type { Session } from '../../contract/ports.ts';
import type { Backend, WatchedConnection } from '../session/backend.ts';
import type { Control } from '../session/control-connection.ts';
import type { OpenSessionOptions } from '../session/open.ts';
import type { ServerFacts } from '../session/server-facts.ts';

/**
 * What everybody may know of a living run. All of it may be another value at the next look: the run reconnects, is fenced,
 * and moves the history. Only {@link ./run-session.ts} writes it.
 */
export interface LiveRun {
  readonly run: string;
  /** Tells this process from another one with the same run. */
  readonly attempt: string;
  /** How its sessions are opened. */
  readonly sessionOptions: Omit<OpenSessionOptions, 'pipelined'>;
  /** True: its sessions go through a pooler. */
  readonly pooled: boolean;
  /** The schema that unqualified names stand for. */
  readonly schema: string;
  /** What tells this database from others. */
  readonly server: Pick<ServerFacts, 'systemId' | 'databaseOid'>;
  /** Major version of the server. */
  readonly major: number;

  /** The session that the run works on. */
  readonly session: Session;
  /** The server's process behind the session. */
  readonly backend: Backend;
  /** The newest one of the unpipelined sessions of COPY and large files. */
  readonly copySession: Session | undefined;
  /** The server's process behind that one, as soon as it is known. */
  readonly copyBackend: Backend | undefined;
  /** The second connection; there from the moment at which the run is going to change something. */
  readonly control: Control | undefined;
  /** The epoch under which it sends. */
  readonly epoch: string;
  /** The head of the history that its next message is sent for. */
  readonly head: string;
  /** How the first writes went. Messages are sent behind them; nothing else is done before they are answered. */
  readonly begun: Promise<Outcome<Begun>>;
  /** Columns that an earlier run has added and not described. */
  readonly added: AddedColumns;
  /** True: it holds the lease, as runs through a pooler do. */
  readonly leased: boolean;
}

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
