import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { Session } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import type { Control } from './control-connection.ts';

/** One process of the server: by its pid and its start, because pids are reused. */
export interface Backend {
  readonly pid: number;
  /** Seconds since 1970 by the server's clock, as the server's text. */
  readonly start: string;
}

/** A connection at work, with its server process if that is known. */
export interface WatchedConnection {
  readonly session: Session;
  readonly backend: Backend | undefined;
}

/** Columns that identify a session's own backend: pid and start. */
export const ownBackend: string =
  'pg_catalog.pg_backend_pid(), (select extract(epoch from backend_start) from pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()))';

/** The backend from the values of these columns. */
export function backendOf(pid: string | null | undefined, start: string | null | undefined): Backend {
  return { pid: Number(pid), start: start ?? '' };
}

/** No backend: a pooler's backend serves us for one transaction, and then another client. */
export const nobody: Backend = { pid: 0, start: '' };

/** A pooler gives its clients a number of its own in place of the pid. */
export function isPooled(session: Pick<Session, 'pid'>, backend: Backend): boolean {
  return backend.pid !== session.pid;
}

/** Asks a session for its backend; `nobody` if it goes through a pooler. */
export async function backendBehind(session: Session): Promise<Outcome<Backend>> {
  const reply = await session.send(`select ${ownBackend}`, { rows: 'all' });
  if (!reply.ok) return err(serverFault(reply.error));
  const [pid, start] = reply.results[0]?.rows[0] ?? [];
  const backend = backendOf(pid, start);
  return ok(isPooled(session, backend) ? nobody : backend);
}

/** Asks over another connection for the backend with this pid; undefined: nobody knows. */
export async function backendOfPid(control: Control | undefined, pid: number): Promise<Backend | undefined> {
  const answer = await control?.ask(
    `select pid, extract(epoch from backend_start) from pg_catalog.pg_stat_get_activity(${pid})`,
  );
  const [found, start] = (answer?.ok === true ? answer.value[0]?.rows[0] : undefined) ?? [];
  return found == null ? undefined : backendOf(found, start);
}

/** From-clause that finds exactly this backend, as `a`, or nothing. */
export function activityOf({ pid, start }: Backend): string {
  const known = /^\d+(\.\d+)?$/.test(start) ? start : 'null';
  return `from pg_catalog.pg_stat_get_activity(${Math.trunc(pid)}) a where extract(epoch from a.backend_start) = ${known}`;
}
