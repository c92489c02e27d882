import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import { failureText, finishRun, insertingRun, type RecordedTask } from '../history/run-record.ts';
import type { RunAbout } from '../../contract/history-rows.ts';
import type { Reply, Session } from '../../contract/ports.ts';
import type { Verdict } from '../../contract/verdict.ts';
import { serverFault } from '../../contract/server-fault.ts';

/**
 * Writes the row of a run that does not hold the database: it does not raise the epoch, and does not disturb a run that
 * is at work.
 */
export async function beginUnlocked(session: Session, task: RecordedTask, schema: string): Promise<Outcome<void>> {
  const reply = await session.send(`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
${insertingRun(task, { planHash: '', schema })};
SELECT godwit.note_run(${quoteLiteral(task.run)});
COMMIT`);
  if (reply.ok) return ok(undefined);
  if (!reply.error.lost) await session.send('ROLLBACK');
  return err(serverFault(reply.error));
}

/** Number of the last row of the history, or `0`. */
export async function lastSeq(session: Session): Promise<Outcome<number>> {
  const reply = await session.send('select seq from godwit.guard', { rows: 'all' });
  return reply.ok ? ok(Number(reply.results[0]?.rows[0]?.[0] ?? 0)) : err(serverFault(reply.error));
}

/** Has this hook passed, with this command line, since the history last moved? */
export async function hasPassed(session: Session, hook: string, about: RunAbout): Promise<boolean> {
  const reply = await session.send(
    `select about from godwit.run where command = 'exec' and exit_code = 0 and about <> '' order by started_at desc limit 200`,
    { rows: 'all' },
  );
  if (!reply.ok) return false;
  return (reply.results[0]?.rows ?? []).some(([text]) => {
    const known = JSON.parse(text ?? '{}') as Partial<RunAbout>;
    const same = known.hook === hook && JSON.stringify(known.words) === JSON.stringify(about.words);
    return same && known.seq === about.seq;
  });
}

/**
 * Writes how a command has ended, with a local commit: these rows do not cover what the command itself did. May be
 * repeated when its answer was lost.
 */
export async function finishExec(session: Session, run: string, verdict: Verdict, about: RunAbout): Promise<Reply> {
  return await finishRun(session, run, {
    outcome: verdict.outcome,
    exitCode: verdict.exitCode,
    failure: failureText(verdict.findings),
    about: JSON.stringify(about),
    local: true,
  });
}
