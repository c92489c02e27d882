import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { Reply } from '../../contract/ports.ts';
import { adoptEpoch, type LiveRun } from './run-state.ts';

/** Was this run asked to stop from beside it? Then the epoch was raised in its own name. */
export async function cancelledBy(live: LiveRun): Promise<Finding | undefined> {
  const first = await ask(live);
  // Who cancels a run asks the server for it again and again, and may have met this very question.
  const reply = !first.ok && first.error.sqlstate === '57014' ? await ask(live) : first;
  const [epoch, body] = (reply.ok ? reply.results[0]?.rows[0] : undefined) ?? [];
  if (epoch == null) return undefined;
  adoptEpoch(live, epoch);
  const by = body == null ? '' : ` by ${(JSON.parse(body) as { readonly by: string }).by}`;
  return fault('interrupted', {
    why: `The run was cancelled${by}. What it applied before remains applied and is recorded.`,
  });
}

async function ask(live: LiveRun): Promise<Reply> {
  return live.session.send(
    `select e.epoch, (select body from godwit.event v where v.run = e.run and v.kind = 'cancel-requested' order by n desc limit 1)
from godwit.epoch e where e.run = ${quoteLiteral(live.run)} and e.attempt = ${quoteLiteral(live.attempt)} and e.epoch > ${live.epoch}`,
    { rows: 'all' },
  );
}
