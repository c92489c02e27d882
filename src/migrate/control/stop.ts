import { fault } from '../../kit/fault.ts';
import { bad, good, type Outcome } from '../../kit/outcome.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import { activityOf, type Backend } from './backend.ts';
import type { Control } from './control.ts';

/** Who stops a run does not wait long for a server that does not answer. */
const patienceMs = 5_000;

/**
 * Raises the epoch, so that whatever was sent under the old one is refused. Only from the epoch that this run has: who
 * has been taken over raises nothing.
 *
 * @returns the new epoch; `taken-over` if the run's own was not the present one
 */
export async function raiseEpoch(control: Control, epoch: string): Promise<Outcome<string>> {
  const raised = await control.ask(
    `update godwit.epoch set epoch = epoch + 1 where epoch = ${quoteLiteral(epoch)}::bigint returning epoch`,
    patienceMs,
  );
  if (!raised.ok) return raised;
  const now = raised.value[0]?.rows[0]?.[0];
  return now == null ? bad(fault('taken-over')) : good(now);
}

/** Asks the server to cancel what this backend runs, if it is still the same one. */
export async function cancelBackend(control: Control, backend: Backend): Promise<void> {
  await control.ask(`select pg_catalog.pg_cancel_backend(a.pid) ${activityOf(backend)}`, patienceMs);
}
