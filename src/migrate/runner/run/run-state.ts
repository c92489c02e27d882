import type { Outcome } from '../../../kit/outcome.ts';
import type { Backend } from '../session/backend.ts';
import type { Watch } from '../session/watch-connections.ts';
import type { ServerFacts } from '../session/server-facts.ts';
import type { Control } from '../session/control-connection.ts';
import type { Session } from '../../contract/ports.ts';
import type { OpenSessionOptions } from '../session/open.ts';

/** A session that may be replaced while the run goes on, and what is known of the history. */
export interface LiveRun {
  session: Session;
  /** The server's process behind the session. */
  backend: Backend;
  epoch: string;
  head: string;
  /** The unpipelined session of COPY and large files, while one is at work. */
  beside?: Session;
  besideBackend?: Backend;
  /** The second connection; there from the moment at which the run is going to change something. */
  control?: Control;
  /** How the first writes went. Messages are sent behind them; nothing else is done before they are answered. */
  begun: Promise<Outcome<StartOutcome>>;
  /** Looks whether the connections still work. */
  watch?: Watch;
  /** What goes on when the run is asked to stop. */
  stopping?: Stopping;
  /** True: it holds the lease, as runs through a pooler do. */
  leased?: boolean;
  /** Ends what renews it. */
  endRenewal?: () => void;
  /** Columns that an earlier run has added and not described. */
  added?: AddedColumns;
  /** The id that the database has since its identity was settled by this run. */
  environmentId?: string;
  readonly run: string;
  /** Tells this process from another one with the same run. */
  readonly attempt: string;
  /** How its sessions are opened. */
  readonly terms: Omit<OpenSessionOptions, 'pipelined'>;
  /** The schema that unqualified names stand for. */
  readonly schema: string;
  /** What tells this database from others. */
  readonly server: Pick<ServerFacts, 'systemId' | 'databaseOid'>;
  /** Major version of the server. */
  readonly major: number;
}

/** The newest epoch of the run; a stop and a reconnection may raise it in the same moment. */
export function adoptEpoch(live: LiveRun, epoch: string): void {
  if (Number(epoch) > Number(live.epoch)) live.epoch = epoch;
}

/** `moved`: somebody else has raised the epoch in between, so that what was sent under the expected one did nothing. */
export type StartOutcome = 'begun' | 'moved';

/** Columns that migrations add to tables that were there before: migration, table, column. */
export type AddedColumns = readonly (readonly [migration: string, table: string, column: string])[];

/** What a stop does while the run ends. */
export interface Stopping {
  /** After it nothing more is cancelled: what the run still says to the database is its own clearing up. */
  settle(): Promise<void>;
  /** From now on no commit of this run waits for a standby: somebody waits for its end. */
  hurry(): void;
  /** Listens no longer. */
  dispose(): void;
}
