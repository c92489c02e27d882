import type { Finding } from '../../../kit/finding.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { WatchedConnection } from './backend.ts';
import type { Control } from './control-connection.ts';
import { reportStandbyWaits } from './standby.ts';

/** Watches connections that work for a long time without answering. */
export interface Watch {
  end(): void;
}

const beatMs = 5_000;
/** How long the server may be silent on all connections, or leave a received message unanswered. */
const silenceMs = 30_000;
/** The slowest expected connection: this many bytes per millisecond. */
const slowestBytesPerMs = 0.5;

/** What earlier beats observed of a connection. */
interface ConnectionBeat {
  readonly answered: number;
  /** Since when the server has been idle although we wait for an answer. */
  readonly idleSince: number;
  /** For how many beats in a row its backend was missing. */
  readonly gone: number;
}

/**
 * A dropped network raises no error at the client: the socket stays open, for a quarter of an hour or for ever. So
 * while an answer is outstanding, the server is asked over the control connection what it does for us. A connection
 * whose backend is gone, or has been idle all the while, is cut, and all are cut if the server is silent on new
 * connections too; the outcome of the work is then determined as after any lost connection. A commit that waits for a
 * standby is reported.
 *
 * @param watched returns the connections that are at work
 */
export function watchConnections(
  ports: RunnerPorts,
  control: Control,
  run: string,
  watched: () => readonly WatchedConnection[],
): Watch {
  const beats = new Map<Session, ConnectionBeat>();
  const state = { ended: false, silentSince: undefined as number | undefined };
  let cancel: () => void = () => {};

  const check = async (): Promise<void> => {
    const waiting = watched().filter(({ session }) => session.waiting > 0);
    if (waiting.length === 0) {
      state.silentSince = undefined;
      return beats.clear();
    }
    const asked = ports.clock();
    const answer = await control.ask(question(waiting));
    if (state.ended) return;
    if (!answer.ok) {
      // A pooler answers a new connection at once, but a query only when it has a free server: waiting for one is not
      // silence.
      const queued = waiting.some(({ session }) => session.carriesSettings === true) && isLost(answer.findings);
      if (queued || !isSilence(answer.findings)) return;
      state.silentSince ??= asked;
      if (ports.clock() - state.silentSince >= silenceMs)
        for (const { session } of waiting) give(ports, session, 'The server does not answer on any connection.');
      return;
    }
    state.silentSince = undefined;
    const rows = new Map((answer.value[0]?.rows ?? []).map(([pid, activity]) => [Number(pid), activity ?? '']));
    for (const { session, backend } of waiting) {
      if (backend === undefined || backend.pid !== session.pid || session.waiting === 0) continue;
      judge(session, rows.get(backend.pid));
    }
  };

  /** @param activity what its backend does; undefined: it is gone */
  const judge = (session: Session, activity: string | undefined): void => {
    const before = beats.get(session);
    const same = before !== undefined && before.answered === session.answered;
    const idle = activity !== undefined && activity !== 'active' && activity !== 'fastpath function call';
    const snapshot = {
      answered: session.answered,
      idleSince: idle && same ? before.idleSince : ports.clock(),
      gone: activity === undefined ? (same ? before.gone : 0) + 1 : 0,
    };
    beats.set(session, snapshot);
    // The first time, its last answer may still be in transit.
    if (snapshot.gone >= 2) give(ports, session, 'The server has closed it.');
    const timeouts = silenceMs + session.waiting / slowestBytesPerMs;
    if (idle && ports.clock() - snapshot.idleSince >= timeouts)
      give(ports, session, 'The server and godwit are waiting for each other.');
  };

  const beat = async (): Promise<void> => {
    await check();
    if (!state.ended) cancel = ports.timer(beatMs, () => void beat());
  };
  cancel = ports.timer(beatMs, () => void beat());
  const forget = ports.suspension?.onWake(async () => {
    const text = 'The process was suspended and resumed: godwit checks its connections before it continues.';
    ports.emit({ kind: 'notice', severity: 'WARNING', text });
    await check();
  });
  const endReports = reportStandbyWaits(ports, control, run, watched);
  return {
    end() {
      state.ended = true;
      endReports();
      forget?.();
      cancel();
    },
  };
}

function question(waiting: readonly WatchedConnection[]): string {
  const backends = waiting.flatMap(({ backend }) =>
    backend === undefined || !/^\d+(\.\d+)?$/.test(backend.start) ? [] : [`(${backend.pid}, ${backend.start})`],
  );
  if (backends.length === 0) return 'select';
  return `select pid, state from pg_catalog.pg_stat_activity where (pid, extract(epoch from backend_start)) in (${backends.join(', ')})`;
}

function give(ports: RunnerPorts, session: Session, why: string): void {
  const text = `Godwit abandoned a connection to the database. ${why}`;
  ports.emit({ kind: 'notice', severity: 'WARNING', text });
  session.abandon();
}

const silent = new Set([
  'connection-lost',
  'connection-timeout',
  'no-route',
  'host-unreachable',
  'network-prohibited',
  'database-unreachable',
  'host-not-found',
]);

/** The connection existed, but gave no answer. */
function isLost(findings: readonly Finding[]): boolean {
  return findings.some(({ code }) => code === 'connection-lost');
}

/** A server that refuses a connection is not silent. */
function isSilence(findings: readonly Finding[]): boolean {
  return findings.some(({ code }) => silent.has(code));
}

/**
 * Watches the messages at the start of a task, which the server answers at once: a session without any answer for half
 * a minute is cut.
 *
 * @param locks says whether the session waits for a lock, and so is not silent
 * @returns a function that ends the watch
 */
export function expectAnswers(
  ports: Pick<RunnerPorts, 'timer'>,
  session: Session,
  locks?: { readonly waits: boolean },
): () => void {
  let cancel: () => void = () => {};
  const arm = (answered: number): void => {
    cancel = ports.timer(silenceMs, () => {
      if (session.waiting > 0 && session.answered === answered && locks?.waits !== true) session.abandon();
      else arm(session.answered);
    });
  };
  arm(session.answered);
  return () => cancel();
}
