import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { Reply } from '../../contract/ports.ts';
import type { LiveRun } from './live-run.ts';

/** A request from another process to stop a run. */
export interface Cancellation {
  /** The epoch that was raised for it, in the run's own name. */
  readonly epoch: string;
  readonly finding: Finding;
}

/** Reads whether another process has asked the run to stop. */
export async function findCancellation(live: LiveRun): Promise<Cancellation | undefined> {
  const first = await ask(live);
  // A cancel request is repeated, and may have hit this very query.
  const reply = !first.ok && first.error.sqlstate === '57014' ? await ask(live) : first;
  const [epoch, body] = (reply.ok ? reply.results[0]?.rows[0] : undefined) ?? [];
  if (epoch == null) return undefined;
  const by = body == null ? '' : ` by ${(JSON.parse(body) as { readonly by: string }).by}`;
  const why = `The run was cancelled${by}. Whatever it had applied remains applied and is recorded.`;
  return { epoch, finding: fault('interrupted', { why }) };
}

async function ask({ session, run, attempt, epoch }: LiveRun): Promise<Reply> {
  return session.send(
    `select e.epoch, (select body from godwit.event v where v.run = e.run and v.kind = 'cancel-requested' order by n desc limit 1)
from godwit.epoch e where e.run = ${quoteLiteral(run)} and e.attempt = ${quoteLiteral(attempt)} and e.epoch > ${epoch}`,
    { rows: 'all' },
  );
}
