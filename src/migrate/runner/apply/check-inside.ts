import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { Check } from '../../contract/model.ts';
import { withChecks } from '../verify/verified-migration.ts';
import type { RefusedReply, Session } from '../../contract/ports.ts';
import { checkExpectations, checkVerifyScript } from '../verify/queries.ts';
import { settling } from './message.ts';
import type { ApplyContext, PreparedStep } from './prepared.ts';

/** The result of the checks inside the migration's transaction. */
export type CheckedInside =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly finding: Finding }
  /** Not an error of a check: the session was lost, or the run was asked to stop. */
  | { readonly kind: 'refused'; readonly refusal: RefusedReply };

/** Does the migration ask for its checks before it is recorded? */
export function checksInside({ analysis, step }: Pick<PreparedStep, 'analysis' | 'step'>): boolean {
  return step.direction === 'up' && analysis.directives.verifyInside !== undefined;
}

/**
 * `verify=inside`: makes the user's checks in the transaction of their migration, after its statements and before its
 * record. Each runs in a read-only savepoint that is rolled back, so that it changes nothing and the record can be
 * written.
 */
export async function checkInside(
  context: ApplyContext,
  session: Session,
  { migration }: PreparedStep,
): Promise<CheckedInside> {
  // Deferred constraints first: their violation is not a failed check.
  const deferred = await session.send(settling.map((command) => `${command};\n`).join(''));
  if (!deferred.ok) return { kind: 'refused', refusal: deferred };
  const { expectations, verify } = await withChecks(context.ports.bundle, migration);
  const savepoints = inSavepoints(session);
  const checks = [
    ...(await checkExpectations(savepoints, migration, expectations)),
    ...(verify === undefined ? [] : await checkVerifyScript(savepoints, migration, verify)),
  ];
  const outside = savepoints.refusals.find(({ error }) => error.lost || isCancelled(error));
  if (outside !== undefined) return { kind: 'refused', refusal: outside };
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.length === 0) {
    if (checks.length > 0) context.ports.emit({ kind: 'checks', checks });
    return { kind: 'passed' };
  }
  const unsafe = savepoints.refusals.some(({ error }) => error.sqlstate === '55P04');
  return { kind: 'failed', finding: failure(failed, unsafe) };
}

/** Cancelled by a stop of the run: a check's own timeout has a different text. */
function isCancelled({ sqlstate, message }: RefusedReply['error']): boolean {
  return sqlstate === '57014' && !message.includes('statement timeout');
}

const mostReported = 5;

/** All failed checks in one finding at the first one: nothing of the migration remains in the database. */
function failure(failed: readonly Check[], unsafe: boolean): Finding {
  const reported = failed.slice(0, mostReported).map(({ kind, object, expected, actual, where }, index) => {
    const place = index === 0 ? '' : ` (${where.file}:${where.line ?? 1})`;
    return `${kind} ${object}${place}: expected ${expected}, found ${actual}.`;
  });
  if (failed.length > mostReported) reported.push(`${failed.length - mostReported} more failed.`);
  const fix =
    'The transaction that adds an enum value cannot use it. Remove `verify=inside`, so that the checks run after the commit, or put ALTER TYPE … ADD VALUE into a migration of its own.';
  const where = failed[0]?.where;
  return fault('check-failed-inside', {
    why: reported.join(' '),
    ...(where === undefined ? {} : { where }),
    ...(unsafe ? { fix } : {}),
  });
}

/** Runs each message in its own savepoint that is rolled back, one after the other. */
function inSavepoints(session: Session): Pick<Session, 'send'> & { readonly refusals: readonly RefusedReply[] } {
  const refusals: RefusedReply[] = [];
  let last: Promise<unknown> = Promise.resolve();
  // The file's settings must not apply to its checks, because later checks run without them. Through a pooler RESET
  // would also remove our own settings.
  const begin = `SAVEPOINT godwit_check;\n${session.carriesSettings === true ? '' : 'RESET ALL;\n'}`;
  const sendNow: Session['send'] = async (text, options) => {
    const reply = await session.send(`${begin}${text}`, options);
    if (!reply.ok) refusals.push(reply);
    const back = await session.send('ROLLBACK TO SAVEPOINT godwit_check;\nRELEASE SAVEPOINT godwit_check');
    if (!back.ok) refusals.push(back);
    return reply;
  };
  return {
    refusals,
    send(text, options) {
      const mine = last.then(() => sendNow(text, options));
      last = mine;
      return mine;
    },
  };
}
