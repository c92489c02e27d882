import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { Session } from '../../contract/ports.ts';

/**
 * Why no run has an id that begins like this: there was none, or it was pruned. Older schemas lack the table of pruned
 * runs.
 */
export async function unknownRun(session: Session, subject: string): Promise<Finding> {
  const reply = await session.send(
    `select p.run, p.pruned_by, pg_catalog.to_char(r.started_at at time zone 'UTC', 'YYYY-MM-DD'), r.by_whom
from godwit.pruned p join godwit.run r on r.run = p.pruned_by where pg_catalog.starts_with(p.run, ${quoteLiteral(subject)}) order by p.n desc limit 1`,
    { rows: 'all' },
  );
  const [run, by, at, who] = (reply.ok ? reply.results[0]?.rows[0] : undefined) ?? [];
  return fault('unknown-run', {
    why: run == null ? `No run begins with "${subject}".` : `Run ${run} was pruned on ${at} by ${who}, in run ${by}.`,
  });
}
