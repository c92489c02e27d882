import { maskedValues } from '../../../kit/masked-values.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { storedText } from '../../../kit/stored-text.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import { checkpointText } from '../../contract/checkpoint.ts';
import type { RunOutcome } from '../../contract/run-outcome.ts';
import { settling } from '../identity/settle-identity.ts';
import type { Reply, Session } from '../../contract/ports.ts';
import type { RunAbout, SettledIdentity } from '../../contract/history-rows.ts';
import { serverFault } from '../../contract/server-fault.ts';
import type { ApplyTask } from '../../contract/task.ts';
import type { Verdict } from '../../contract/verdict.ts';

/** The part of a task that the first writes of its run need. */
export type RecordedTask = Pick<ApplyTask, 'run' | 'command' | 'actor' | 'environment' | 'earlier'> &
  Partial<Pick<ApplyTask, 'consent'>> & {
    /** The description of a command, as JSON. */
    readonly about?: string;
    /** True: refused if another process has begun the run, which `about` tells from this one. */
    readonly once?: boolean;
  };

/**
 * Writes the run's row and the beginning of its audit chain, and raises the epoch: messages of an earlier runner are
 * refused from now on, and the lease of a dead one ends. Attempts that never reached the database are written with it;
 * a command that is at work without the lock continues. Idempotent, so it can be repeated after a lost answer.
 *
 * @returns the epoch under which this run changes the database; with `settles`, the id that it has from now on
 */
export async function beginRun(
  session: Session,
  task: RecordedTask,
  options: {
    readonly planHash: string;
    readonly firstStarted: string;
    readonly schema: string;
    readonly attempt: string;
    readonly settles?: SettledIdentity;
  },
): Promise<Outcome<{ readonly epoch: string; readonly environmentId?: string }>> {
  const { run } = task;
  const earlier = task.earlier.map(
    (attempt) =>
      `INSERT INTO godwit.run (run, command, outcome, exit_code, failure, by_whom, from_where, git_commit, tool, plan_hash, started_at, finished_at)
SELECT ${quoteLiteral(attempt.run)}, ${quoteLiteral(attempt.command)}, ${quoteLiteral(attempt.outcome)}, ${attempt.exitCode ?? 'NULL'}::integer, ${quoteLiteral(storedText(attempt.failure))}, ${quoteLiteral(attempt.by)}, '', '', '', '', ${quoteLiteral(attempt.startedAt)}::timestamptz, ${quoteLiteral(attempt.finishedAt ?? attempt.startedAt)}::timestamptz
WHERE NOT EXISTS (SELECT FROM godwit.run WHERE run = ${quoteLiteral(attempt.run)});`,
  );
  const text = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
${localCommit};
UPDATE godwit.guard SET holder = '', held_by = '', leased_until = NULL WHERE holder NOT IN ('', ${quoteLiteral(run)});
UPDATE godwit.epoch SET epoch = epoch + 1, run = ${quoteLiteral(run)}, attempt = ${quoteLiteral(options.attempt)} RETURNING epoch;
UPDATE godwit.run SET outcome = 'interrupted' WHERE outcome = 'running' AND run <> ${quoteLiteral(run)}
  AND NOT (command = 'exec' AND EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE application_name = 'godwit ' || run));
${earlier.join('\n')}
${insertingRun(task, options)};
SELECT godwit.note_run(${quoteLiteral(run)}, ${quoteLiteral(options.firstStarted)}, ARRAY[${task.earlier.map((attempt) => quoteLiteral(attempt.run)).join(', ')}]::text[]);
${options.settles === undefined ? '' : `${settling(run, options.settles)}SELECT environment_id FROM godwit.guard;\n`}COMMIT`;
  const reply = await session.send(text, { rows: 'all' });
  if (reply.ok) {
    const epoch = reply.results[3]?.rows[0]?.[0] ?? '0';
    const id = options.settles === undefined ? undefined : reply.results.at(-2)?.rows[0]?.[0];
    return ok({ epoch, ...(id == null ? {} : { environmentId: id }) });
  }
  if (!reply.error.lost) await session.send('ROLLBACK');
  return err(serverFault(reply.error));
}

/**
 * Inserts the row of a run. A run that is performed once keeps its row for the process that has inserted it: the server
 * refuses a second row, so that of two that begin at the same moment one fails.
 */
export function insertingRun(
  task: RecordedTask,
  { planHash, schema }: { readonly planHash: string; readonly schema: string },
): string {
  const { actor, run, command, about = '' } = task;
  const checkpoint = checkpointText(task.consent?.checkpoint);
  const { by, from, commit, tool } = actor;
  const values = [run, command, by, from, commit, tool, planHash, checkpoint, schema, about]
    .map(quoteLiteral)
    .join(', ');
  const row = `INSERT INTO godwit.run (run, command, by_whom, from_where, git_commit, tool, plan_hash, checkpoint, default_schema, about)
SELECT ${values}`;
  return task.once === true
    ? `${row} WHERE NOT EXISTS (SELECT FROM godwit.run WHERE run = ${quoteLiteral(run)} AND about = ${quoteLiteral(about)})`
    : `${row} ON CONFLICT (run) DO UPDATE SET backend_pid = pg_backend_pid()`;
}

/**
 * For fencing a run, and for the last writes of a stopped run: the answer means that it is on the local disk, without
 * waiting for a standby, which may be gone.
 */
export const localCommit = 'SET LOCAL synchronous_commit TO local';

/**
 * Raises the epoch if it is still this run's: messages under the old one are refused from now on. Returns no row if
 * another run, or another attempt of this one, has taken over. May be repeated when its answer was lost. Its row is in
 * the last result.
 *
 * @param of the run and the attempt; without an attempt, whichever is at work
 */
export function raisingEpoch(of: { readonly run: string; readonly attempt?: string }): string {
  const own = of.attempt === undefined ? '' : ` and attempt = ${quoteLiteral(of.attempt)}`;
  return `${localCommit};
update godwit.epoch set epoch = epoch + 1 where run = ${quoteLiteral(of.run)}${own} returning epoch`;
}

/**
 * Adds one event to the run's audit chain, outside any migration.
 *
 * @param lockTimeout how long it may wait for the chain, which a transaction of the run may hold
 * @returns whether the event was added
 */
export async function logEvent(
  session: Session,
  run: string,
  event: { readonly kind: string; readonly body: object },
  lockTimeout?: string,
): Promise<boolean> {
  const limit = lockTimeout === undefined ? '' : `SET LOCAL lock_timeout TO ${quoteLiteral(lockTimeout)};\n`;
  const reply = await session.send(
    `${limit}SELECT godwit.log(${quoteLiteral(run)}, ARRAY[${quoteLiteral(event.kind)}], ARRAY[${quoteLiteral(JSON.stringify(maskedValues(event.body, (text) => text, storedText)))}])`,
  );
  return reply.ok;
}

/** How a run ended, as its row says it. */
export interface RunEnd {
  readonly outcome: RunOutcome;
  readonly exitCode: number;
  readonly failure: string;
  readonly about?: string;
  /** True: does not wait for a standby. */
  readonly local?: boolean;
}

/** Codes and causes of what went wrong, for a row that is kept for good: without credentials and values. */
export function failureText(findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error');
  return storedText(errors.map(({ code, why }) => `${code}: ${why}`).join('; ')).slice(0, 2_000);
}

/** What the row of a run says of this verdict. */
export function endOf({ outcome, exitCode, findings }: Verdict, about: RunAbout | undefined): RunEnd {
  return {
    outcome,
    exitCode,
    failure: failureText(findings),
    ...(about === undefined ? {} : { about: JSON.stringify(about) }),
  };
}

/**
 * Writes how the run ended. The history itself is complete without it: a run that dies before this is "interrupted".
 * The answer means that everything this run has committed is on disk.
 */
export async function finishRun(session: Session, run: string, end: RunEnd): Promise<Reply> {
  const values = [run, end.outcome].map(quoteLiteral).join(', ');
  const about = end.about === undefined ? '' : `, ${quoteLiteral(end.about)}`;
  const reply = await session.send(`BEGIN;
${end.local === true ? `${localCommit};\n` : ''}SELECT godwit.finish_run(${values}, ${end.exitCode}, ${quoteLiteral(end.failure)}${about});
COMMIT`);
  if (!reply.ok && !reply.error.lost) await session.send('ROLLBACK');
  return reply;
}
