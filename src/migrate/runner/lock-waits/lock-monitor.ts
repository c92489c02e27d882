import type { Blocker } from '../../contract/blocker.ts';
import type { RunEvent } from '../../contract/event.ts';
import type { Lock } from '../../../sql/locks/lock.ts';
import type { Reply, Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { holdersQuery } from './holders.ts';
import {
  nudgeQuery,
  readLockWaitSnapshot,
  snapshotQuery,
  stepBackQuery,
  stillThereQuery,
  type SnapshotQuery,
  type LockWaitSnapshot,
} from './lock-wait-snapshot.ts';
import { createThrottle } from './throttle.ts';
import { shortWaitMs, type LockPolicy } from '../../contract/lock-policy.ts';

/** Queries over another connection, while the sessions of a run do not answer, what blocks them. */
export interface LockMonitor {
  /** Wraps a session so that it is watched from now on. */
  over(session: Session): Session;
  /** Forwards an event; learns from it which migration is under way. */
  emit(event: RunEvent): void;
  /** The blockers of the migration that is under way, at the last query. */
  readonly blockers: readonly Blocker[];
  /** True: there were blockers, and only with transactions that come and go. */
  readonly passing: boolean;
  /** Until the migration is applied, messages may wait for a lock again: queries early enough to see whose it is. */
  expectTrouble(): void;
  /** Did we cancel a statement because of sessions that waited behind it? True only once for each cancellation. */
  steppedBack(): boolean;
  /** Queries who holds these locks, if no blocker was seen during the wait. */
  search(locks: readonly Lock[]): Promise<void>;
  /** Pauses before the next try; shorter when all blockers are gone. */
  pause(ms: number): Promise<void>;
  close(): void;
}

/** What a monitor works with. */
export interface LockMonitorParts {
  readonly ports: Pick<RunnerPorts, 'clock' | 'timer' | 'sleep' | 'emit' | 'random' | 'signal'>;
  readonly look: SnapshotQuery;
  /** Runs a query that may wait for a second or two, over a connection without other users. */
  readonly ask: (query: string) => Promise<void>;
  readonly policy: LockPolicy;
}

/** How long a message may be in flight before the first query: fast runs never pay for one. */
const timeoutMs = 500;
/** The same after a failed lock: early enough to see who holds it, before the next wait ends. */
const earlyMs = 40;
const lookEveryMs = 1000;

interface WatchedSession {
  readonly pid: number;
  underWay: number;
  /** When its present work began. */
  since: number;
}

/** Creates the monitor of one run. It costs only a note for each message as long as answers arrive soon. */
export function createLockMonitor({ ports, look, ask, policy: options }: LockMonitorParts): LockMonitor {
  const sessions: WatchedSession[] = [];
  const covered = new Map<Session, Session>();
  const throttle = createThrottle(ports);
  let started = false;
  let closed = false;
  let wake: () => void = () => {};
  let trouble = false;
  let seen: LockWaitSnapshot | undefined;
  let cancelled = false;
  const nudged = new Set<string>();
  const through = new Set<string>();

  const slowest = (): WatchedSession | undefined => {
    const since = ports.clock() - (trouble ? earlyMs : timeoutMs);
    return sessions.find((one) => one.underWay > 0 && one.since <= since);
  };

  // A timer that the end of the run clears, so that it delays nothing.
  const nap = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = ports.timer(ms, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });

  // A retry is queried early, but not at that rate for as long as it may take.
  const suspension = (): number => {
    const busy = sessions.find(({ underWay }) => underWay > 0);
    const long = busy !== undefined && ports.clock() - busy.since > timeoutMs;
    return long ? lookEveryMs : trouble ? earlyMs : timeoutMs;
  };

  const watch = async (): Promise<void> => {
    for (;;) {
      if (!closed) await nap(suspension());
      if (closed || ports.signal.aborted) return;
      const slow = slowest();
      if (slow === undefined) continue;
      const since = slow.since;
      const rows = await look(snapshotQuery(slow.pid));
      // Answered meanwhile: the snapshot is about something else.
      if (rows === undefined || slow.since !== since) continue;
      const snapshot = readLockWaitSnapshot(rows);
      if (snapshot.blockers.length > 0) seen = snapshot;
      throttle.report(snapshot);
      if (isCrowded(snapshot, options)) await stepBack(slow.pid);
    }
  };

  const stepBack = async (pid: number): Promise<void> => {
    // Set beforehand: the statement may end before the answer to the cancel request arrives.
    cancelled = true;
    const rows = await look(stepBackQuery(pid));
    if (rows?.length === 0) cancelled = false;
  };

  const reset = (expected: boolean): void => {
    trouble = expected;
    if (!expected) seen = undefined;
    cancelled = false;
  };

  const nudge = async (): Promise<void> => {
    const { relation, blockers } = seen ?? {};
    const worker = blockers?.find(({ query }) => query === 'autovacuum worker');
    if (relation === undefined || worker === undefined || nudged.has(`${worker.pid} ${relation}`)) return;
    nudged.add(`${worker.pid} ${relation}`);
    await ask(nudgeQuery(relation));
  };

  return {
    over(session) {
      const known = covered.get(session);
      if (known !== undefined) return known;
      const watched: WatchedSession = { pid: session.pid, underWay: 0, since: 0 };
      sessions.push(watched);
      if (!started) void watch();
      started = true;
      const over = watchedSession(session, watched, ports.clock);
      covered.set(session, over);
      return over;
    },
    emit(event) {
      if (event.kind === 'migration.started') {
        // Each try starts the migration again; listeners get one start event.
        if (event.id === throttle.migration) return;
        throttle.migration = event.id;
      }
      // The blockers of this migration do not concern the next one.
      if (event.kind === 'migration.applied') {
        reset(false);
        // A crashed server may have lost what it had confirmed: then the migration is applied again.
        if (through.has(event.id)) return;
        through.add(event.id);
      }
      ports.emit(event);
    },
    get blockers() {
      return seen?.blockers ?? [];
    },
    get passing() {
      return seen !== undefined && seen.blockers.length > 0 && seen.transactions.length === 0;
    },
    expectTrouble: () => reset(true),
    steppedBack() {
      const was = cancelled;
      cancelled = false;
      return was;
    },
    async search(locks) {
      const query = seen === undefined ? holdersQuery(locks) : undefined;
      const rows = query === undefined ? undefined : await look(query);
      if (rows !== undefined && rows.length > 0) seen = readLockWaitSnapshot(rows);
    },
    async pause(ms) {
      const until = ports.clock() + ms;
      await nudge();
      const transactions = seen?.transactions ?? [];
      while (ports.clock() < until && !ports.signal.aborted) {
        await ports.sleep(Math.min(firstLookMs, until - ports.clock()));
        if (transactions.length === 0 || ports.clock() >= until) continue;
        const rows = await look(stillThereQuery(transactions));
        if (rows?.[0]?.[0] === '0') return await ports.sleep(ports.random() * scatterMs);
      }
    },
    close() {
      closed = true;
      wake();
    },
  };
}

const firstLookMs = 100;
const scatterMs = 50;

/** Longer than the short wait, and too many sessions behind us: our statement must give way. */
function isCrowded(snapshot: LockWaitSnapshot, policy: LockPolicy): boolean {
  return snapshot.relation !== undefined && snapshot.waiters > policy.waiters && snapshot.waitedMs > 2 * shortWaitMs;
}

function watchedSession(session: Session, watched: WatchedSession, clock: () => number): Session {
  const track = async (reply: Promise<Reply>): Promise<Reply> => {
    if (watched.underWay === 0) watched.since = clock();
    watched.underWay += 1;
    const answer = await reply;
    watched.underWay -= 1;
    watched.since = clock();
    return answer;
  };
  return {
    pid: session.pid,
    get waiting() {
      return session.waiting;
    },
    get answered() {
      return session.answered;
    },
    cancel: () => session.cancel(),
    abandon: () => session.abandon(),
    close: () => session.close(),
    leave: () => session.leave(),
    send: (text, options) => track(session.send(text, options)),
    copyIn: (command, data) => track(session.copyIn(command, data)),
  };
}
