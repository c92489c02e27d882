import type { Blocker, RunEvent } from '../event.ts';
import type { Reply, Session } from '../ports.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import { createProgressMeter } from './progress.ts';
import { nudgeQuery, readSight, sightQuery, stepBackQuery, stillThereQuery, type Look, type Sight } from './sight.ts';
import { shortWaitMs, type LockTerms } from './terms.ts';

/** Watches the sessions of a run from another connection while they do not answer. */
export interface Watch {
  /** The session, watched from now on. */
  over(session: Session): Session;
  /** Passes an event on; learns from it which migration is under way. */
  emit(event: RunEvent): void;
  /** Who was in the way when it looked last, since the last `expectTrouble(false)`. */
  readonly blockers: readonly Blocker[];
  /** True: the next messages may meet a lock again, so it looks early enough to see whose it is. */
  expectTrouble(yes: boolean): void;
  /** Did we cancel a statement because of those who waited behind it? Says so once. */
  steppedBack(): boolean;
  /** Pauses before the next try; shorter when all who were in the way are gone. */
  pause(ms: number): Promise<void>;
  close(): void;
}

/** What a watch works with. */
export interface WatchParts {
  readonly ports: Pick<RunnerPorts, 'clock' | 'sleep' | 'emit' | 'random' | 'signal'>;
  readonly look: Look;
  readonly terms: LockTerms;
}

/** Nothing is looked at before a message has been under way for so long: fast runs never pay for a look. */
const patienceMs = 500;
/** After a lock was not to be had: early enough to see who has it, before the next wait is over. */
const earlyMs = 60;
const lookEveryMs = 1000;
const firstTellMs = 2000;
const rarestTellMs = 30_000;

interface Watched {
  readonly pid: number;
  underWay: number;
  /** Since when it has been at what it is doing. */
  since: number;
}

/** The watch of one run. It costs nothing but a note for each message as long as everything is answered soon. */
export function createWatch({ ports, look, terms }: WatchParts): Watch {
  const sessions: Watched[] = [];
  const closing = new AbortController();
  const teller = createTeller(ports);
  let started = false;
  let trouble = false;
  let seen: Sight | undefined;
  let cancelled = false;
  const nudged = new Set<string>();

  const slowest = (): Watched | undefined => {
    const since = ports.clock() - (trouble ? earlyMs : patienceMs);
    return sessions.find((one) => one.underWay > 0 && one.since <= since);
  };

  const watch = async (): Promise<void> => {
    while (!closing.signal.aborted && !ports.signal.aborted) {
      await ports.sleep(trouble ? earlyMs : patienceMs, closing.signal);
      const slow = slowest();
      if (slow === undefined) continue;
      const since = slow.since;
      const rows = await look(sightQuery(slow.pid));
      // Answered in the meantime: what was seen is about something else.
      if (rows === undefined || slow.since !== since || closing.signal.aborted) continue;
      const sight = readSight(rows);
      if (sight.blockers.length > 0) seen = sight;
      teller.tell(sight, trouble);
      if (isCrowded(sight, terms) && (await look(stepBackQuery(slow.pid))) !== undefined) cancelled = true;
      if (!trouble) await ports.sleep(lookEveryMs - patienceMs, closing.signal);
    }
  };

  const nudge = async (): Promise<void> => {
    const { relation, blockers } = seen ?? {};
    const worker = blockers?.find(({ query }) => query === 'autovacuum worker');
    if (relation === undefined || worker === undefined || nudged.has(`${worker.pid} ${relation}`)) return;
    nudged.add(`${worker.pid} ${relation}`);
    await look(nudgeQuery(relation));
  };

  return {
    over(session) {
      const watched: Watched = { pid: session.pid, underWay: 0, since: 0 };
      sessions.push(watched);
      if (!started) void watch();
      started = true;
      return watchedSession(session, watched, ports.clock);
    },
    emit(event) {
      if (event.kind === 'migration.started') {
        // Each try begins anew; for those who listen it began once.
        if (event.id === teller.migration) return;
        teller.migration = event.id;
      }
      ports.emit(event);
    },
    get blockers() {
      return seen?.blockers ?? [];
    },
    expectTrouble(yes) {
      trouble = yes;
      if (!yes) seen = undefined;
    },
    steppedBack() {
      const was = cancelled;
      cancelled = false;
      return was;
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
    close: () => closing.abort(),
  };
}

const firstLookMs = 100;
const scatterMs = 50;

/** More than the agreed short wait, and a crowd behind us: ours is the statement that is to be put off. */
function isCrowded(sight: Sight, terms: LockTerms): boolean {
  return sight.waiters > terms.waiters && sight.waitedMs > 2 * shortWaitMs;
}

function watchedSession(session: Session, watched: Watched, clock: () => number): Session {
  const track = (reply: Promise<Reply>): Promise<Reply> => {
    if (watched.underWay === 0) watched.since = clock();
    watched.underWay += 1;
    void reply.then(() => {
      watched.underWay -= 1;
      watched.since = clock();
    });
    return reply;
  };
  return {
    ...session,
    send: (text, options) => track(session.send(text, options)),
    copyIn: (command, data) => track(session.copyIn(command, data)),
  };
}

/** Tells what is seen: at once when it changes, then more and more rarely, because a wait may last for hours. */
function createTeller(ports: WatchParts['ports']): { migration: string; tell(sight: Sight, trouble: boolean): void } {
  const meter = createProgressMeter();
  const told = { blocked: createRarely(), build: createRarely() };
  return {
    migration: '',
    tell(sight, trouble) {
      const id = this.migration;
      const now = ports.clock();
      const { blockers, waitedMs, waiters, build } = sight;
      // Short waits are told by their retries.
      if (blockers.length > 0 && !trouble && told.blocked(now, blockers.map(({ pid }) => pid).join(' ')))
        ports.emit({ kind: 'lock.blocked', id, waitedMs: Math.round(waitedMs), blockers, waiters });
      if (build === undefined) return;
      const progress = meter.take(build, now);
      const { command, object, phase } = build;
      if (told.build(now, `${command} ${object} ${phase}`))
        ports.emit({ kind: 'build.progress', id, command, object, phase, ...progress });
    },
  };
}

function createRarely(): (now: number, what: string) => boolean {
  let last: string | undefined;
  let next = 0;
  let every = firstTellMs;
  return (now, what) => {
    if (what === last && now < next) return false;
    every = what === last ? Math.min(every * 1.5, rarestTellMs) : firstTellMs;
    last = what;
    next = now + every;
    return true;
  };
}
