import { type FiredTrigger } from './fire/fired-trigger.ts';
import { quoteName } from '../../../sql/quote.ts';
import type { Reply, Session } from '../../contract/ports.ts';
import { attemptsFor, type TriggerAttempt } from './fire/attempts.ts';
import { triggerKey, readTriggers, triggersMessage, type LiveTrigger } from './fire/live-trigger.ts';
import { readLocks, releaseStrayLocks } from './fire/stray-locks.ts';
import { readShapes, shapesMessage } from './fire/table-shape.ts';

/** The result. `no` only if the server had to call the trigger and did not. */
export interface FireResult {
  readonly trigger: FiredTrigger;
  readonly fired: 'yes' | 'no' | 'not-tried';
  readonly why: string;
}

/** A trigger that is being tried: the attempts left, and the best result so far. */
interface Trial {
  readonly trigger: LiveTrigger;
  readonly attempts: readonly TriggerAttempt[];
  result: FireResult;
}

/**
 * Fires each trigger inside a transaction that is rolled back, and reads from EXPLAIN ANALYZE whether the server called
 * it, which requires no privilege. A trigger that raises an error has fired when the error's context names its
 * function. Disabled triggers are not tried. Rows, table locks, settings and advisory locks are as before afterwards;
 * except what PostgreSQL itself does not roll back (sequence numbers) and what functions do outside of it.
 *
 * @param session without an open transaction; messages are sent without waiting for each other
 * @returns one result for each trigger, in their order
 *
 * @example await fireTriggers(session, [{ schema: 'public', table: 'users', name: 'touch' }]); // [{ trigger: { … },
 * fired: 'yes', why: 'the server called it' }]
 */
export async function fireTriggers(
  session: Session,
  triggers: readonly FiredTrigger[],
): Promise<readonly FireResult[]> {
  if (triggers.length === 0) return [];
  const [described, shaped, locks] = await Promise.all([
    session.send(triggersMessage(triggers), { rows: 'all' }),
    session.send(shapesMessage(triggers), { rows: 'all' }),
    readLocks(session),
  ]);
  const known = readTriggers(described);
  const shapes = readShapes(shaped);
  const trials = new Map<string, Trial>();
  for (const [key, trigger] of known) {
    const table = shapes.get(`${trigger.schema}.${trigger.table}`);
    const asleep = trigger.relation === 'f' ? 'its table is on another server' : trigger.asleep;
    if (asleep !== '') trials.set(key, { trigger, attempts: [], result: notTried(trigger, asleep) });
    else if (table !== undefined) {
      const result = notTried(trigger, 'godwit found no statement that fires it');
      trials.set(key, { trigger, attempts: attemptsFor(trigger, table, shapes), result });
    }
  }
  await tryAll(session, [...trials.values()]);
  await releaseStrayLocks(session, locks);
  return triggers.map((trigger) => {
    const result = trials.get(triggerKey(trigger))?.result;
    return { ...(result ?? notTried(trigger, 'it could not be read')), trigger };
  });
}

/** Works in rounds: the first attempt of all triggers, then the second of those that are still undecided, and so on. */
async function tryAll(session: Session, trials: readonly Trial[]): Promise<void> {
  let open = trials.filter(({ attempts }) => attempts.length > 0);
  const emptied = trials.filter(({ trigger }) => trigger.events.join() === 'truncate' && trigger.asleep === '');
  await Promise.all(emptied.map((trial) => truncate(session, trial)));
  for (let round = 0; open.length > 0; round += 1) {
    await Promise.all(
      open.map(async (trial) => {
        const attempt = trial.attempts[round] ?? [];
        const reply = await session.send(rolledBack(explaining(trial.trigger, attempt)), { rows: 'all' });
        trial.result = better(trial.result, resultOf(trial.trigger, reply, attempt.length));
      }),
    );
    open = open.filter(({ result, attempts }) => result.fired === 'not-tried' && attempts.length > round + 1);
  }
}

const limits = ["SET LOCAL lock_timeout TO '500ms'", "SET LOCAL statement_timeout TO '3s'"];

/**
 * One message that leaves nothing behind, no matter how it ends. Its statements form an implicit transaction, which an
 * error rolls back at once; the BEGIN at the end makes it an explicit one, which the ROLLBACK then ends. With the BEGIN
 * at the start, an error would leave the transaction open, and each message would have to wait for the previous one.
 */
function rolledBack(statements: readonly string[]): string {
  return [...limits, ...statements, 'BEGIN', 'ROLLBACK'].map((command) => `${command};\n`).join('');
}

function explaining(trigger: LiveTrigger, attempt: TriggerAttempt): readonly string[] {
  const name = quoteName({ schema: trigger.schema, name: trigger.name });
  return [
    ...attempt.slice(0, -1),
    // Otherwise it would be called at a COMMIT that never happens.
    trigger.deferrable ? `SET CONSTRAINTS ${name} IMMEDIATE` : "SET LOCAL client_min_messages TO 'error'",
    `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) ${attempt.at(-1) ?? ''}`,
  ];
}

function resultOf(trigger: LiveTrigger, reply: Reply, statements: number): FireResult {
  const last = limits.length + statements;
  if (!reply.ok) return ofError(trigger, reply, last);
  const [plan] = JSON.parse(reply.results[last]?.rows[0]?.[0] ?? '[]') as readonly Explained[];
  const calls = plan?.Triggers?.find((one) => one['Trigger Name'] === trigger.name && one.Calls > 0);
  if (calls !== undefined) return fired(trigger);
  if (trigger.when !== '') return notTried(trigger, conditionNotMet);
  if (trigger.row) return notTried(trigger, 'no row was touched');
  if (trigger.rewritten || plan?.Triggers === undefined) return notTried(trigger, 'rules rewrite its statement');
  return { trigger, fired: 'no', why: 'its statement ran and the server did not call it' };
}

const conditionNotMet = 'its WHEN condition did not hold for the rows at hand';

interface Explained {
  readonly Triggers?: readonly { readonly 'Trigger Name': string; readonly Calls: number }[];
}

/** An error in the last statement that comes from the trigger's function shows that it was called. */
function ofError(trigger: LiveTrigger, reply: Extract<Reply, { readonly ok: false }>, last: number): FireResult {
  const { error, completed } = reply;
  const name = trigger.functionName.replaceAll(/[^\w]/g, String.raw`\$&`);
  const named = new RegExp(`(?:^|[\\s."])${name}"?(?:\\(|$|\\s)`, 'm').test(error.context ?? '');
  if (completed !== last || !named) return notTried(trigger, error.message);
  if (trigger.shared) return notTried(trigger, 'another trigger of its table raises errors by the same function');
  return fired(trigger);
}

/**
 * EXPLAIN does not support TRUNCATE, so the calls of the function are counted, which requires a superuser. Only for an
 * empty table, under its lock: rows are never at risk.
 */
async function truncate(session: Session, trial: Trial): Promise<void> {
  const { trigger } = trial;
  const target = quoteName({ schema: trigger.schema, name: trigger.table });
  const calls = `select coalesce(pg_catalog.pg_stat_get_xact_function_calls(${trigger.functionId}), 0)`;
  const statements = [
    "SET LOCAL track_functions TO 'all'",
    `LOCK TABLE ${target} IN ACCESS EXCLUSIVE MODE`,
    `select 1 / (not exists (select from ${target}))::int`,
    calls,
    `TRUNCATE ${target}`,
    calls,
  ];
  const reply = await session.send(rolledBack(statements), { rows: 'all' });
  const count = (index: number): number =>
    reply.ok ? Number(reply.results[limits.length + index]?.rows[0]?.[0] ?? 0) : 0;
  if (!reply.ok)
    trial.result =
      reply.error.sqlstate === '22012'
        ? notTried(trigger, 'only TRUNCATE fires it, and its table has rows')
        : ofError(trigger, reply, limits.length + 4);
  else if (count(5) > count(3)) trial.result = fired(trigger);
  else trial.result = { trigger, fired: 'no', why: 'TRUNCATE ran and the server did not call it' };
}

/** Of several reasons the one that says most about the trigger. */
function better(before: FireResult, now: FireResult): FireResult {
  return now.fired === 'not-tried' && before.why === conditionNotMet ? before : now;
}

function fired(trigger: FiredTrigger): FireResult {
  return { trigger, fired: 'yes', why: 'the server called it' };
}

function notTried(trigger: FiredTrigger, why: string): FireResult {
  return { trigger, fired: 'not-tried', why };
}
