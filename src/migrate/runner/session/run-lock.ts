import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';

/** "godw" and "it": one run at a time in a database. Advisory between runners; safety is in godwit.enter. */
export const runLockKey = '1735353463, 26996';

/** The present holder as text; no row if the lock is free. */
export const holderQuery: string = `select pg_catalog.format('%s (user %s from %s, pid %s, since %s)', coalesce(nullif(a.application_name, ''), 'a session'),
    a.usename, coalesce(pg_catalog.host(a.client_addr), 'the server itself'), a.pid, pg_catalog.to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')),
  a.application_name, a.usename
  from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a using (pid)
  where l.locktype = 'advisory' and l.granted and l.classid = 1735353463 and l.objid = 26996
    and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`;

/** Who holds the run lock. */
export interface RunLockHolder {
  /** Application, user, client, pid and start, for people. */
  readonly text: string;
  readonly application: string;
  readonly user: string;
}

/** Queries who holds the run lock; undefined: it is free. */
export async function readHolder(session: Session): Promise<Outcome<RunLockHolder | undefined>> {
  const reply = await session.send(holderQuery, { rows: 'all' });
  if (!reply.ok) return err(serverFault(reply.error));
  const [row] = reply.results[0]?.rows ?? [];
  if (row === undefined) return ok(undefined);
  const [text, application, user] = row;
  return ok({ text: text ?? '', application: application ?? '', user: user ?? '' });
}

/**
 * Takes the run lock by repeated tries, never by a blocking wait, which would deadlock with CREATE INDEX CONCURRENTLY.
 * Through a pooler it is not taken: the lock would remain with the next client of that connection.
 *
 * @param waitMs how long to try, in milliseconds
 * @param mayWait asked while another run holds the lock; a failure ends the wait
 */
export async function takeRunLock(
  session: Session,
  ports: RunnerPorts,
  waitMs: number,
  mayWait?: () => Promise<Outcome<void>>,
): Promise<Outcome<'at-once' | 'after-waiting' | 'pooled'>> {
  const mine = `case when pg_catalog.pg_backend_pid() = ${session.pid} then pg_catalog.pg_try_advisory_lock(${runLockKey}) end`;
  let pooled = false;
  const taken = await tryUntil(ports, waitMs, async () => {
    const reply = await session.send(`select ${mine}`, { rows: 'all' });
    if (!reply.ok) return err(serverFault(reply.error));
    const answer = reply.results[0]?.rows[0]?.[0];
    pooled = answer == null;
    if (pooled || answer === 't') return ok('');
    const may = (await mayWait?.()) ?? ok(undefined);
    return may.ok ? ok(await holderOf(session)) : may;
  });
  return taken.ok && pooled ? ok('pooled') : taken;
}

/**
 * Tries repeatedly, and names the holder.
 *
 * @param attempt returns undefined when it has succeeded, else the holder as text
 */
export async function tryUntil(
  ports: RunnerPorts,
  waitMs: number,
  attempt: () => Promise<Outcome<string>>,
): Promise<Outcome<'at-once' | 'after-waiting'>> {
  const until = ports.clock() + waitMs;
  let reported = false;
  for (;;) {
    const tried = await attempt();
    if (!tried.ok) return tried;
    const holder = tried.value;
    if (holder === '') return ok(reported ? 'after-waiting' : 'at-once');
    if (ports.signal.aborted)
      return err(fault('interrupted', { why: 'Cancelled while waiting for another run; nothing was changed.' }));
    if (ports.clock() >= until) return err(fault('busy', { why: `${holder} holds the database.` }));
    if (!reported) ports.emit({ kind: 'waiting', holder });
    reported = true;
    await ports.sleep(100 + ports.random() * 200);
  }
}

/** The lock was taken when it was tried; by the time the server is asked for its holder it may be free again. */
async function holderOf(session: Session): Promise<string> {
  const holder = await readHolder(session);
  if (!holder.ok) return 'A run that the server does not name';
  return holder.value?.text ?? 'A run that is just beginning or ending';
}
