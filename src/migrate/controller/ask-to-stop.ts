import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { Outcome } from '../../kit/outcome.ts';
import type { Engine, RunRef } from '../contract/engine.ts';
import type { RunEvent } from '../contract/event.ts';

/** What is needed to ask a run to stop. */
export interface StopRequest {
  readonly engine: Pick<Engine, 'cancel'>;
  onEvent(event: RunEvent): void;
  /** Asks the database to stop the run, for when the engine's platform refuses to. */
  stopByDatabase?(run: string): Promise<Outcome<void>>;
}

/** Asks a run to stop at its next safe point. A refusal is reported, and the database is asked in place of the platform. */
export async function askToStop(request: StopRequest, ref: RunRef): Promise<void> {
  const asked = await request.engine.cancel(ref);
  if (asked.ok) return;
  const report = (finding: Finding): void => request.onEvent({ kind: 'finding', finding });
  for (const { why } of asked.findings)
    report(fault('cancel-refused', request.stopByDatabase === undefined ? { why, fix: byHand } : { why }));
  const stopped = await request.stopByDatabase?.(ref.run);
  if (stopped?.ok === false)
    for (const { why } of stopped.findings) report(fault('cancel-refused', { why, fix: byHand }));
}

const byHand =
  'The run continues. Grant your account the permission above, and ask again: `godwit runs cancel` with the id of the run.';
