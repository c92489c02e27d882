import { bad, good, type Outcome } from '../../kit/outcome.ts';
import { readHistory, type History } from '../history/read-history.ts';
import type { Session } from '../ports.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import type { Task } from '../task.ts';
import { readFacts, type ServerFacts } from './facts.ts';
import { takeRunLock } from './run-lock.ts';

/** A session with what is known at its start. */
export interface Opened {
  readonly session: Session;
  readonly facts: ServerFacts;
  readonly history: History;
}

/** Settings of every session: no timeout of the role kills a migration, no wait for a lock is endless. */
const settings: Readonly<Record<string, string>> = {
  lock_timeout: '5s',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '60s',
  // While COPY or a large file is at work on a session of its own, this one waits.
  idle_session_timeout: '0',
  // The files are split by the rules of this mode, whatever the database or the role says.
  standard_conforming_strings: 'on',
  DateStyle: 'ISO',
};

/** Opens a session under the run's name, so that whoever looks at pg_stat_activity sees what it is. */
export async function openSession(ports: RunnerPorts, run: string, pipelined: boolean): Promise<Outcome<Session>> {
  return ports.connector.open({
    pipelined,
    applicationName: `godwit ${run}`,
    settings,
    onNotice: (severity, text) => ports.emit({ kind: 'notice', severity, text }),
  });
}

/**
 * Opens a session and asks for facts and history in one flight; with `lock`, the run lock is taken in between, and the
 * history is the one after it.
 */
export async function open(
  ports: RunnerPorts,
  task: Task,
  lock?: { readonly waitMs: number },
): Promise<Outcome<Opened>> {
  const session = await openSession(ports, task.run, true);
  if (!session.ok) return session;
  const opened = await ask(session.value, ports, lock);
  if (!opened.ok) await session.value.close();
  else announce(ports, task, opened.value);
  return opened;
}

async function ask(
  session: Session,
  ports: RunnerPorts,
  lock: { readonly waitMs: number } | undefined,
): Promise<Outcome<Opened>> {
  // Sent in this order and answered in this order; nothing waits for the answer before it.
  const asked = [
    readFacts(session),
    lock === undefined ? Promise.resolve(good<'at-once'>('at-once')) : takeRunLock(session, ports, lock.waitMs),
    readHistory(session),
  ] as const;
  const [facts, locked, history] = await Promise.all(asked);
  if (!facts.ok) return facts;
  if (!locked.ok) return locked;
  // Another run held the lock when the history was read: what it has done since counts.
  const present = locked.value === 'at-once' ? history : await readHistory(session);
  if (!present.ok) return bad(...present.findings);
  return good({ session, facts: facts.value, history: present.value });
}

function announce(ports: RunnerPorts, task: Task, { facts, history }: Opened): void {
  const server = `PostgreSQL ${facts.version}`;
  ports.emit({ kind: 'target', environment: task.environment.name, server, ...ports.connector.target });
  ports.emit({ kind: 'identity', environmentId: history.environmentId, systemId: facts.systemId });
}
