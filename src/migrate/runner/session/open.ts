import { isTransactionTimeout } from '../../contract/server-fault.ts';
import { fault } from '../../../kit/fault.ts';
import type { Finding, Place } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { suspendableSession } from './suspension.ts';
import { reportLocks } from './report-locks.ts';
import { expectAnswers } from './watch-connections.ts';
import { refuseTaken } from '../history/taken-run.ts';
import { readDamagedHistory, readHistory } from '../history/read-history.ts';
import type { History } from '../../contract/history.ts';
import type { Notice, Session, SessionOptions } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { Task } from '../../contract/task.ts';
import { connectPatiently } from './connect.ts';
import { nobody } from './backend.ts';
import { preflight, readFacts, type ServerFacts } from './server-facts.ts';
import { takeRunLock, tryUntil, type RunLockHolder } from './run-lock.ts';
import { takeOver } from './take-over.ts';
import { pooledSession } from './pooled-session.ts';
import { firstRequest, pinnedFor, sessionOptions, type SessionRequest } from './session-request.ts';

/** A session, with what is known at its start. */
export interface Opened {
  readonly session: Session;
  readonly facts: ServerFacts;
  readonly history: History;
  /** The run from which the database was taken over. */
  readonly takenFrom?: RunLockHolder;
}

/** How the run lock is taken. */
export interface RunLockOptions {
  readonly waitMs: number;
  /** True: ends a live run that holds the database. */
  readonly takeOver: boolean;
}

/** Opens a session under the run's name, so that pg_stat_activity shows what it is. */
export async function openSession(
  ports: RunnerPorts,
  request: SessionRequest,
  signal?: AbortSignal,
): Promise<Outcome<Session>> {
  const options = optionsOf(ports, request);
  const opened = await ports.connector.open(signal === undefined ? options : { ...options, signal });
  return opened.ok ? ok(suspendableSession(ports, opened.value)) : opened;
}

function optionsOf(ports: RunnerPorts, options: SessionRequest): SessionOptions {
  return { ...sessionOptions(options, ports.connector.settings), onNotice: noticeReporter(ports) };
}

function noticeReporter(ports: RunnerPorts): (notice: Notice) => void {
  let unconfirmed = false;
  return ({ severity, text, routine }) => {
    if (routine !== 'SyncRepWaitForLSN') return reportNotice(ports, severity, text);
    // Each of its commits may raise this warning.
    if (!unconfirmed) ports.emit({ kind: 'finding', finding: fault('not-replicated') });
    unconfirmed = true;
  };
}

/** The second check of IF NOT EXISTS also reports by a server warning, because few results of a message are kept. */
function reportNotice(ports: RunnerPorts, severity: string, text: string): void {
  const found = text.startsWith(existingMark) ? text.slice(existingMark.length) : undefined;
  if (found === undefined) return ports.emit({ kind: 'notice', severity, text });
  for (const difference of JSON.parse(found) as readonly { readonly where: Place; readonly why: string }[])
    ports.emit({ kind: 'finding', finding: fault('existing-other', { ...difference, why: `${difference.why}.` }) });
}

const existingMark = 'godwit:existing:';

/**
 * Opens a session and queries facts and history in one round trip; with `lock`, the run lock is taken in between, and
 * the history is the one after that. If the role's sessions end long transactions, the session is opened again without
 * that timeout.
 */
export async function open(
  ports: RunnerPorts,
  task: Task,
  lock?: RunLockOptions,
  pinned: Readonly<Record<string, string>> = pinnedFor(task),
): Promise<Outcome<Opened>> {
  const options = { ...firstRequest(task), pinned };
  const session = await connectPatiently(ports, () => openSession(ports, options, ports.signal));
  if (!session.ok && ports.signal.aborted)
    return err(fault('interrupted', { why: 'Cancelled while connecting; nothing was changed.' }));
  if (!session.ok) return session;
  const locks = reportLocks(ports, session.value, task.run);
  const stopWatching = expectAnswers(ports, session.value, locks);
  const leave = (): void => {
    session.value.abandon();
    ports.suspension?.release();
  };
  ports.signal.addEventListener('abort', leave);
  const opened = await queryAtStart(session.value, ports, task, lock).finally(stopWatching);
  ports.signal.removeEventListener('abort', leave);
  locks.end();
  if (!opened.ok || ports.signal.aborted) {
    await session.value.close();
    // So short a timeout that not even the first look came through.
    if (
      !opened.ok &&
      !ports.signal.aborted &&
      opened.findings.some(isTransactionTimeout) &&
      !('transaction_timeout' in pinned)
    )
      return await withoutTimeout(ports, task, lock, pinned);
    return err(...(ports.signal.aborted ? stoppedWhile(opened) : locks.explain(opened.ok ? [] : opened.findings)));
  }
  if (opened.value.facts.timesOut) {
    await session.value.close();
    return await withoutTimeout(ports, task, lock, pinned);
  }
  announce(ports, task, opened.value);
  // A pooler may also have dropped the settings silently.
  return opened.value.facts.pooled && session.value.carriesSettings !== true
    ? await carryingSettings(opened.value, optionsOf(ports, options), ports)
    : opened;
}

/** What unqualified names mean is asked again if the address sets that. */
async function carryingSettings(
  opened: Opened,
  options: SessionOptions,
  { connector }: RunnerPorts,
): Promise<Outcome<Opened>> {
  const session = pooledSession(opened.session, options);
  const { settings = {} } = connector;
  if (Object.keys(settings).length === 0) return ok({ ...opened, session });
  if ('default_transaction_read_only' in settings)
    return err(
      fault('url-parameter-refused', {
        why: 'The connection goes through a pooler, where default_transaction_read_only in `options` would have no effect.',
        fix: 'Name the server’s own address as `directUrl` in the configuration, or remove the setting from the URL.',
      }),
    );
  const facts = await readFacts(session);
  return facts.ok ? ok({ ...opened, session, facts: { ...facts.value, pooled: true, backend: nobody } }) : facts;
}

async function withoutTimeout(
  ports: RunnerPorts,
  task: Task,
  lock: RunLockOptions | undefined,
  pinned: Readonly<Record<string, string>>,
): Promise<Outcome<Opened>> {
  const again = await open(ports, task, lock, { ...pinned, ...noTimeout });
  return again.ok ? ok({ ...again.value, facts: { ...again.value.facts, timesOut: true } }) : again;
}

function stoppedWhile(opened: Outcome<unknown>): readonly Finding[] {
  const reported = opened.ok ? [] : opened.findings.filter(({ code }) => code === 'interrupted');
  return reported.length > 0
    ? reported
    : [fault('interrupted', { why: 'Cancelled before any change; this run changed nothing.' })];
}

/** No timeout of the role may kill a migration. Servers that do not know the setting refuse it. */
export const noTimeout: Readonly<Record<string, string>> = { transaction_timeout: '0' };

async function queryAtStart(
  session: Session,
  ports: RunnerPorts,
  task: Task,
  lock: RunLockOptions | undefined,
): Promise<Outcome<Opened>> {
  // A command must not run twice, whoever starts its runner again: then nobody is taken over or waited for either.
  const mayBegin = task.kind === 'exec' ? () => refuseTaken(session, task.run) : undefined;
  const first = (await mayBegin?.()) ?? ok(undefined);
  if (!first.ok) return first;
  const taken = lock?.takeOver === true ? await takenOver(session, ports, task) : ok(undefined);
  if (!taken.ok) return taken;
  // `runs verify-chain` must be able to read a damaged history.
  const read = task.kind === 'inspect' && task.what === 'chain' ? readDamagedHistory : readHistory;
  // Sent and answered in this order; no message waits for the answer to the one before it.
  const asked = [
    readFacts(session),
    lock === undefined ? Promise.resolve(ok<'at-once'>('at-once')) : takeRunLock(session, ports, lock.waitMs, mayBegin),
    read(session, ports.hashing),
  ] as const;
  const [facts, locked, history] = await Promise.all(asked);
  if (!facts.ok) return facts;
  if (!locked.ok) return locked;
  // Another run held the lock when the history was read, so the history is read again.
  const present = locked.value === 'after-waiting' ? await read(session, ports.hashing) : history;
  if (!present.ok) return err(...present.findings);
  const free =
    locked.value === 'pooled' || lock === undefined ? present : await afterLease(session, ports, lock, present.value);
  if (!free.ok) return err(...free.findings);
  const takenFrom = taken.value === undefined ? {} : { takenFrom: taken.value };
  return ok({ session, facts: facts.value, history: free.value, ...takenFrom });
}

/**
 * Takes over only if the lock cannot be acquired at once, and only in the right database: ending a run is as serious as
 * a write.
 */
async function takenOver(
  session: Session,
  ports: RunnerPorts,
  task: Task,
): Promise<Outcome<RunLockHolder | undefined>> {
  const [facts, history] = await Promise.all([readFacts(session), readHistory(session, ports.hashing)]);
  if (!facts.ok) return facts;
  if (!history.ok) return history;
  const wrong = preflight(facts.value, history.value, task.environment);
  if (wrong.length > 0) return err(...wrong);
  const locked = await takeRunLock(session, ports, 0);
  if (!locked.ok && !locked.findings.some(({ code }) => code === 'busy')) return locked;
  const free = locked.ok && locked.value !== 'pooled' && history.value.leasedTo === '';
  return free ? ok(undefined) : takeOver(session, ports, task.run);
}

/** A run through a pooler holds a lease instead of the lock: it is waited for like any other. */
async function afterLease(
  session: Session,
  ports: RunnerPorts,
  lock: { readonly waitMs: number },
  history: History,
): Promise<Outcome<History>> {
  let present = history;
  const free = await tryUntil(ports, lock.waitMs, async () => {
    if (present.leasedTo === '') return ok('');
    const again = await readHistory(session, ports.hashing);
    if (!again.ok) return again;
    present = again.value;
    return ok(present.leasedTo);
  });
  return free.ok ? ok(present) : free;
}

function announce(ports: RunnerPorts, task: Task, { facts, history }: Opened): void {
  const server = `PostgreSQL ${facts.version}`;
  ports.emit({ kind: 'target', environment: task.environment.name, server, ...ports.connector.target });
  const { systemId, databaseOid } = facts;
  ports.emit({ kind: 'identity', environmentId: history.environmentId, systemId, databaseOid });
}
