import { fault } from '../../../kit/fault.ts';
import type { Finding, Place } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { suspendableSession } from './suspension.ts';
import { reportLocks } from './report-locks.ts';
import { expectAnswers } from './watch-connections.ts';
import { readDamagedHistory, readHistory } from '../history/read-history.ts';
import type { History } from '../../contract/history.ts';
import type { Notice, Session, SessionOptions } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { isChange, type OnDisconnect, type Task } from '../../contract/task.ts';
import { connectPatiently } from './connect.ts';
import { preflight, readFacts, type ServerFacts } from './server-facts.ts';
import { takeRunLock, tryUntil, type RunLockHolder } from './run-lock.ts';
import { takeOver } from './take-over.ts';
import { pooledSession } from './pooled-session.ts';
import { sessionSettings } from './session-settings.ts';

/** A session with what is known at its start. */
export interface Opened {
  readonly session: Session;
  readonly facts: ServerFacts;
  readonly history: History;
  /** Whom the database was taken from. */
  readonly takenFrom?: RunLockHolder;
}

/** How the run lock is taken. */
export interface RunLockOptions {
  readonly waitMs: number;
  /** True: a live run that holds the database is ended. */
  readonly takeOver: boolean;
}

/** What a session of a run is opened for. */
export interface OpenSessionOptions {
  readonly run: string;
  readonly pipelined: boolean;
  readonly onDisconnect: OnDisconnect;
  /** True: the way is known to lead through a pooler. */
  readonly pooled?: boolean;
  /** Settings that a later session of a run has from its first one: a file may have changed the database's own. */
  readonly pinned?: Readonly<Record<string, string>>;
}

/** Opens a session under the run's name, so that whoever looks at pg_stat_activity sees what it is. */
export async function openSession(
  ports: RunnerPorts,
  terms: OpenSessionOptions,
  signal?: AbortSignal,
): Promise<Outcome<Session>> {
  const options = optionsOf(ports, terms);
  const opened = await ports.connector.open(signal === undefined ? options : { ...options, signal });
  return opened.ok ? ok(suspendableSession(ports, opened.value)) : opened;
}

function optionsOf(ports: RunnerPorts, options: OpenSessionOptions): SessionOptions {
  return {
    pipelined: options.pipelined,
    pooled: options.pooled === true,
    applicationName: `godwit ${options.run}`,
    settings: { ...sessionSettings(options.onDisconnect), ...options.pinned },
    onNotice: noticeReporter(ports),
  };
}

function noticeReporter(ports: RunnerPorts): (notice: Notice) => void {
  let unconfirmed = false;
  return ({ severity, text, routine }) => {
    if (routine !== 'SyncRepWaitForLSN') return reportNotice(ports, severity, text);
    // Each of its commits may be one of those.
    if (!unconfirmed) ports.emit({ kind: 'finding', finding: fault('not-replicated') });
    unconfirmed = true;
  };
}

/** What the second look at IF NOT EXISTS has found comes as a warning of the server, too: results of messages are few. */
function reportNotice(ports: RunnerPorts, severity: string, text: string): void {
  const found = text.startsWith(existingMark) ? text.slice(existingMark.length) : undefined;
  if (found === undefined) return ports.emit({ kind: 'notice', severity, text });
  for (const difference of JSON.parse(found) as readonly { readonly where: Place; readonly why: string }[])
    ports.emit({ kind: 'finding', finding: fault('existing-other', { ...difference, why: `${difference.why}.` }) });
}

const existingMark = 'godwit:existing:';

/**
 * Opens a session and asks for facts and history in one flight; with `lock`, the run lock is taken in between, and the
 * history is the one after it. Where the role's sessions end transactions that take long, it is opened anew, without.
 */
export async function open(
  ports: RunnerPorts,
  task: Task,
  lock?: RunLockOptions,
  pinned: Readonly<Record<string, string>> = pinnedFor(task),
): Promise<Outcome<Opened>> {
  const onDisconnect = task.kind === 'apply' ? task.onDisconnect : 'cancel';
  const options = { run: task.run, pipelined: true, onDisconnect, pinned };
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
  const opened = await ask(session.value, ports, task, lock).finally(stopWatching);
  ports.signal.removeEventListener('abort', leave);
  locks.end();
  if (!opened.ok || ports.signal.aborted) {
    await session.value.close();
    return err(...(ports.signal.aborted ? stoppedWhile(opened) : locks.explain(opened.ok ? [] : opened.findings)));
  }
  if (opened.value.facts.timesOut) {
    await session.value.close();
    const again = await open(ports, task, lock, { ...pinned, ...noTimeout });
    return again.ok ? ok({ ...again.value, facts: { ...again.value.facts, timesOut: true } }) : again;
  }
  announce(ports, task, opened.value);
  // A pooler may also have swallowed the settings without a word.
  return opened.value.facts.pooled && session.value.carriesSettings !== true
    ? ok({ ...opened.value, session: pooledSession(session.value, optionsOf(ports, options)) })
    : opened;
}

function stoppedWhile(opened: Outcome<unknown>): readonly Finding[] {
  const reported = opened.ok ? [] : opened.findings.filter(({ code }) => code === 'interrupted');
  return reported.length > 0
    ? reported
    : [fault('interrupted', { why: 'Cancelled before any change; this run changed nothing.' })];
}

const readersWaitMs = 300_000;

/** Who only reads holds nothing that others wait for; who stops a run waits for no standby. */
function pinnedFor({ kind }: Task): Readonly<Record<string, string>> {
  if (kind === 'cancel') return { synchronous_commit: 'local' };
  return isChange(kind) ? {} : { lock_timeout: `${readersWaitMs}ms` };
}

/** No timeout of the role kills a migration. The setting is refused by servers that do not know it. */
export const noTimeout: Readonly<Record<string, string>> = { transaction_timeout: '0' };

async function ask(
  session: Session,
  ports: RunnerPorts,
  task: Task,
  lock: RunLockOptions | undefined,
): Promise<Outcome<Opened>> {
  const taken = lock?.takeOver === true ? await takenOver(session, ports, task) : ok(undefined);
  if (!taken.ok) return taken;
  // What is wrong with a history is what `runs verify-chain` is asked for.
  const read = task.kind === 'inspect' && task.what === 'chain' ? readDamagedHistory : readHistory;
  // Sent in this order and answered in this order; nothing waits for the answer before it.
  const asked = [
    readFacts(session),
    lock === undefined ? Promise.resolve(ok<'at-once'>('at-once')) : takeRunLock(session, ports, lock.waitMs),
    read(session, ports.hashing),
  ] as const;
  const [facts, locked, history] = await Promise.all(asked);
  if (!facts.ok) return facts;
  if (!locked.ok) return locked;
  // Another run held the lock when the history was read: what it has done since counts.
  const present = locked.value === 'after-waiting' ? await read(session, ports.hashing) : history;
  if (!present.ok) return err(...present.findings);
  const free =
    locked.value === 'pooled' || lock === undefined ? present : await afterLease(session, ports, lock, present.value);
  if (!free.ok) return err(...free.findings);
  const takenFrom = taken.value === undefined ? {} : { takenFrom: taken.value };
  return ok({ session, facts: facts.value, history: free.value, ...takenFrom });
}

/**
 * Only what cannot be had at once is taken from somebody, and only in the right database: a run that is ended is as bad
 * as a write.
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

/** A run through a pooler holds no lock, but a lease: it is waited for like any other. */
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
