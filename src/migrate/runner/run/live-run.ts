import type { Outcome } from '../../../kit/outcome.ts';
import type { Session } from '../../contract/ports.ts';
import type { Backend, WatchedConnection } from '../session/backend.ts';
import type { Control } from '../session/control-connection.ts';
import type { ServerFacts } from '../session/server-facts.ts';
import type { SessionRequest } from '../session/session-request.ts';

/**
 * The readable state of a live run. Every value may change at any time: the run reconnects, is fenced, and moves the
 * history. Only {@link ./run-session.ts} writes it.
 */
export interface LiveRun {
  readonly run: string;
  /** Distinguishes this process from another one with the same run. */
  readonly attempt: string;
  /** How its sessions are opened. */
  readonly sessionOptions: Omit<SessionRequest, 'pipelined'>;
  /** True: its sessions go through a pooler. */
  readonly pooled: boolean;
  /** The schema to which unqualified names resolve. */
  readonly schema: string;
  /** What distinguishes this database from others. */
  readonly server: Pick<ServerFacts, 'systemId' | 'databaseOid'>;
  /** Major version of the server. */
  readonly major: number;

  /** The session that the run works on. */
  readonly session: Session;
  /** The server process of the session. */
  readonly backend: Backend;
  /** The newest one of the unpipelined sessions of COPY and large files. */
  readonly copySession: Session | undefined;
  /** The server process of the copy session, once it is known. */
  readonly copyBackend: Backend | undefined;
  /** The second connection; present once the run is about to change something. */
  readonly control: Control | undefined;
  /** The epoch under which it sends. */
  readonly epoch: string;
  /** The head of the history that its next message expects. */
  readonly head: string;
  /** The result of the first writes. Messages are sent after them; nothing else is done before they are answered. */
  readonly begun: Promise<Outcome<Begun>>;
  /** Columns that an earlier run has added and not described. */
  readonly added: AddedColumns;
  /** True: it holds the lease, like every run through a pooler. */
  readonly leased: boolean;
}

/** `moved`: another run has raised the epoch in between, so messages under the expected epoch did nothing. */
export type Begun = { readonly kind: 'begun'; readonly environmentId: string } | { readonly kind: 'moved' };

/** Columns that migrations add to existing tables: migration, table, column. */
export type AddedColumns = readonly (readonly [migration: string, table: string, column: string])[];

/** The connections that a run works on. */
export function workingOn({ session, backend, copySession, copyBackend }: LiveRun): readonly WatchedConnection[] {
  return [{ session, backend }, ...(copySession === undefined ? [] : [{ session: copySession, backend: copyBackend }])];
}

/** The server processes of these sessions, if known. */
export function backendsOf({ backend, copyBackend }: LiveRun): readonly Backend[] {
  return copyBackend === undefined ? [backend] : [backend, copyBackend];
}
