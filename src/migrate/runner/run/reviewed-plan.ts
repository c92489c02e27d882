import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { History } from '../../contract/history.ts';
import type { Plan } from '../../contract/model.ts';
import type { Session } from '../../contract/ports.ts';
import type { ApplyTask } from '../../contract/task.ts';

/**
 * What differs from the reviewed plan. A job of CI that is started again brings a plan that was applied: if nothing is
 * left to do, that is a note, not a refusal.
 */
export async function differsFromReviewed(
  plan: Plan,
  { consent }: ApplyTask,
  { session, history }: { readonly session: Session; readonly history: History },
): Promise<Finding | undefined> {
  const reviewed = consent.planHash;
  if (reviewed === undefined || reviewed === plan.hash) return undefined;
  const applied = history.version === 0 ? undefined : await appliedBy(session, reviewed);
  if (applied !== undefined && plan.steps.length === 0) return fault('plan-applied', { why: `${applied}.` });
  const why = `The reviewed plan has hash ${reviewed.slice(0, 12)}, but the plan now has hash ${plan.hash.slice(0, 12)}.`;
  return fault('plan-changed', { why: applied === undefined ? why : `${why} ${applied}.` });
}

/** Which run applied a plan to its end: a sentence without its full stop. */
async function appliedBy(session: Session, hash: string): Promise<string | undefined> {
  const reply = await session.send(
    `SELECT run, to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), by_whom FROM godwit.run
WHERE plan_hash = ${quoteLiteral(hash)} AND outcome = 'done' ORDER BY started_at DESC LIMIT 1`,
    { rows: 'all' },
  );
  const [run, at, by] = (reply.ok ? reply.results[0]?.rows[0] : undefined) ?? [];
  return run === undefined ? undefined : `Run ${run} applied that plan on ${at ?? ''} UTC, started by ${by ?? ''}`;
}
