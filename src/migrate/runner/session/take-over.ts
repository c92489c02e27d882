import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import { pause } from './deadline.ts';
import { leaseHeld } from '../history/lease-held.ts';
import { localCommit } from '../history/run-record.ts';
import type { Reply, Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { readHolder, type RunLockHolder } from './run-lock.ts';

const timeoutMs = 30_000;

/**
 * Takes the database over from a live run: raises the epoch, so that its messages are refused; ends its sessions,
 * because a statement outside transactions does not check the epoch; waits until they are gone; and locks the guard
 * row, which waits for whatever is still being rolled back or committed. Only then may the history be read.
 *
 * @returns the former holder; undefined if it was free
 */
export async function takeOver(
  session: Session,
  ports: RunnerPorts,
  run: string,
): Promise<Outcome<RunLockHolder | undefined>> {
  const holder = await readEither(session);
  if (!holder.ok || holder.value === undefined) return holder;
  const { text, application } = holder.value;
  if (!application.startsWith('godwit '))
    return err(
      fault('busy', {
        why: `${text} holds the run lock and is not a godwit run.`,
        fix: 'Ask its owner what the session does. End it, then run the command again.',
      }),
    );
  const raised = await session.send(
    `${localCommit};\nupdate godwit.epoch set epoch = epoch + 1, run = ${quoteLiteral(run)}, attempt = ''`,
  );
  if (!raised.ok && !isNew(raised)) return err(serverFault(raised.error));
  const ended = await endSessions(session, ports, holder.value);
  if (!ended.ok) return ended;
  const guard = await session.send(
    `${localCommit};\nupdate godwit.guard set holder = '', held_by = '', leased_until = null`,
  );
  if (!guard.ok && !isNew(guard)) return err(serverFault(guard.error));
  ports.emit({ kind: 'finding', finding: fault('took-over', { why: `${text} held the database; it was ended.` }) });
  return holder;
}

/** Reads who holds the lease of a run through a pooler, or the run lock, which may be ours by now. */
async function readEither(session: Session): Promise<Outcome<RunLockHolder | undefined>> {
  const lease = await session.send(
    `select held_by, 'godwit ' || holder, session_user from godwit.guard where ${leaseHeld}`,
    { rows: 'all' },
  );
  if (!lease.ok && !isNew(lease)) return err(serverFault(lease.error));
  const [row] = lease.ok ? (lease.results[0]?.rows ?? []) : [];
  if (row === undefined) return readHolder(session);
  return ok({ text: row[0] ?? '', application: row[1] ?? '', user: row[2] ?? '' });
}

/** The other run had not yet created schema godwit. */
function isNew(reply: Extract<Reply, { readonly ok: false }>): boolean {
  return reply.error.sqlstate === '42P01' || reply.error.sqlstate === '3F000';
}

/** Ends all sessions of a run. Found and ended in one statement, so that a pid cannot get a new owner in between. */
async function endSessions(session: Session, ports: RunnerPorts, holder: RunLockHolder): Promise<Outcome<void>> {
  const names = [holder.application, `${holder.application} control`].map(quoteLiteral).join(', ');
  const until = ports.clock() + timeoutMs;
  for (;;) {
    const reply = await session.send(
      `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
where datname = pg_catalog.current_database() and pid <> pg_catalog.pg_backend_pid() and application_name in (${names})`,
      { rows: 'all' },
    );
    if (!reply.ok && reply.error.sqlstate === '42501')
      return err(
        fault('no-privilege', {
          why: `${holder.text} holds the database, and this role may not end its sessions.`,
          fix: `Run as ${holder.user}, or as a member of pg_signal_backend.`,
        }),
      );
    if (!reply.ok) return err(serverFault(reply.error));
    if ((reply.results[0]?.rows ?? []).length === 0) return ok(undefined);
    if (ports.clock() > until)
      return err(fault('busy', { why: `${holder.text} was asked to end but has not ended yet.` }));
    await pause(ports, 50 + ports.random() * 100);
  }
}
