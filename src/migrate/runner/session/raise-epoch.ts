import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { Session } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { raisingEpoch } from '../history/run-record.ts';
import { activityOf, type Backend } from './backend.ts';
import type { Control } from './control-connection.ts';

/** Stopping a run must not wait long for a silent server. */
const timeoutMs = 5_000;

/**
 * Raises the epoch, so that everything sent under the old one is refused.
 *
 * @returns the new epoch; `taken-over` if the present one is not this run's
 */
export async function raiseEpoch(
  control: Control,
  of: { readonly run: string; readonly attempt: string },
): Promise<Outcome<string>> {
  const raised = await control.ask(raisingEpoch(of), timeoutMs);
  if (!raised.ok) return raised;
  const now = raised.value.at(-1)?.rows[0]?.[0];
  return now == null ? err(fault('taken-over')) : ok(now);
}

/** The same over the run's own session; undefined: the present epoch is another run's, or there is none yet. */
export async function raiseEpochOver(
  session: Session,
  of: { readonly run: string; readonly attempt: string },
): Promise<Outcome<string | undefined>> {
  const raised = await session.send(raisingEpoch(of), { rows: 'all' });
  if (!raised.ok) return raised.error.sqlstate === '42P01' ? ok(undefined) : err(serverFault(raised.error));
  return ok(raised.results.at(-1)?.rows[0]?.[0] ?? undefined);
}

/**
 * Asks the server to cancel what this backend runs, if it is still the same one. False: the request could not be sent.
 */
export async function cancelBackend(control: Control, backend: Backend): Promise<boolean> {
  const asked = await control.ask(`select pg_catalog.pg_cancel_backend(a.pid) ${activityOf(backend)}`, timeoutMs);
  return asked.ok;
}

/** Asks the server to cancel what sessions of this name run in this database. */
export async function cancelByName(control: Control, applicationName: string): Promise<void> {
  await control.ask(
    `select pg_catalog.pg_cancel_backend(pid) from pg_catalog.pg_stat_activity
where application_name = ${quoteLiteral(applicationName)} and datname = pg_catalog.current_database() and state = 'active'`,
    timeoutMs,
  );
}
