import type { Finding } from '../../../kit/finding.ts';
import { ok, type Outcome } from '../../../kit/outcome.ts';
import type { History } from '../../contract/history.ts';
import type { RunAbout } from '../../contract/history-rows.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { OnDisconnect } from '../../contract/task.ts';
import type { Verdict } from '../../contract/verdict.ts';
import { readHistory } from '../history/read-history.ts';
import { endOf, finishRun, type RecordedTask } from '../history/run-record.ts';
import { backendBehind, backendOfPid, type Backend } from '../session/backend.ts';
import { openControl, type Control } from '../session/control-connection.ts';
import { pause, within } from '../session/deadline.ts';
import { giveBackLease, keepLease, takeLease, type LeaseTask } from '../session/lease.ts';
import { noTimeout, openSession, type Opened } from '../session/open.ts';
import { raiseEpoch, raiseEpochOver } from '../session/raise-epoch.ts';
import { majorOf } from '../session/server-facts.ts';
import { watchStandbyWaits } from '../session/standby.ts';
import { expectAnswers, watchConnections } from '../session/watch-connections.ts';
import { writeBeginning, type BeginOptions } from './begin.ts';
import { findCancellation } from './cancelled-by.ts';
import { isPassing, regainDatabase } from './regain-database.ts';
import { workingOn, type AddedColumns, type Begun, type LiveRun } from './live-run.ts';
import { stopOnSignal, type Stopping } from './stop-run.ts';

/** So long a database that is away is waited for: a restart, a failover. */
const reconnectMs = 30_000;
const goodbyeMs = 5_000;

/** What a living run is opened for. */
export interface RunSessionOptions {
  readonly run: string;
  readonly onDisconnect: OnDisconnect;
  /** Settings that each session of the run has from the first one. */
  readonly pinned?: Readonly<Record<string, string>>;
  /** False: the work ends itself when the run shall stop, and is not cancelled. */
  readonly cancelsOnStop?: boolean;
}

/**
 * One living run: its sessions, its epoch, and the head of the history. Nobody else writes that state. A session is
 * replaced while the run continues, so that whoever keeps one in a variable keeps a dead one: ask for it each time.
 */
export class RunSession implements LiveRun {
  readonly run: string;
  readonly attempt: string;
  readonly sessionOptions: LiveRun['sessionOptions'];
  readonly schema: string;
  readonly server: LiveRun['server'];
  readonly major: number;
  readonly #ports: RunnerPorts;
  readonly #stopping: Stopping | undefined;
  #session: Session;
  #backend: Backend;
  #copySession: Session | undefined;
  #copyBackend: Backend | undefined;
  #control: Control | undefined;
  #watch: { end(): void } | undefined;
  #epoch: string;
  #head: string;
  #begun: Promise<Outcome<Begun>> = Promise.resolve(ok({ kind: 'moved' }));
  #added: AddedColumns = [];
  #leased = false;
  #endRenewal: () => void = () => {};

  /** A run on the session that was opened for it, before its first writes. */
  constructor(ports: RunnerPorts, { session, facts, history }: Opened, options: RunSessionOptions) {
    const { run, onDisconnect } = options;
    this.#ports = ports;
    this.#session = session;
    this.#backend = facts.backend;
    this.#epoch = history.epoch;
    this.#head = history.head;
    this.run = run;
    this.attempt = ports.random().toString(36).slice(2);
    const pinned = { ...options.pinned, ...(facts.timesOut ? noTimeout : {}) };
    this.sessionOptions = { run, onDisconnect, pooled: facts.pooled, pinned };
    this.schema = facts.schema;
    this.server = { systemId: facts.systemId, databaseOid: facts.databaseOid };
    this.major = majorOf(facts);
    this.#stopping = options.cancelsOnStop === false ? undefined : stopOnSignal(ports, this);
  }

  get session(): Session {
    return this.#session;
  }
  get backend(): Backend {
    return this.#backend;
  }
  get copySession(): Session | undefined {
    return this.#copySession;
  }
  get copyBackend(): Backend | undefined {
    return this.#copyBackend;
  }
  get control(): Control | undefined {
    return this.#control;
  }
  get epoch(): string {
    return this.#epoch;
  }
  get head(): string {
    return this.#head;
  }
  get begun(): Promise<Outcome<Begun>> {
    return this.#begun;
  }
  get added(): AddedColumns {
    return this.#added;
  }
  get leased(): boolean {
    return this.#leased;
  }
  get pooled(): boolean {
    return this.sessionOptions.pooled === true;
  }

  /** The control connection; begins to open it, and waits for nothing. */
  openControl(): Control {
    this.#control ??= openControl(this.#ports, this.run);
    return this.#control;
  }

  /** From now on the connections are watched, with the work that is on them or, for a command, only its waits for standbys. */
  watch(what: 'connections' | 'standby-waits' = 'connections'): void {
    const begin = what === 'connections' ? watchConnections : watchStandbyWaits;
    this.#watch ??= begin(this.#ports, this.openControl(), this.run, () => workingOn(this));
  }

  /** The run is planned for this history. */
  planFor({ epoch, head }: Pick<History, 'epoch' | 'head'>): void {
    this.#epoch = epoch;
    this.#head = head;
  }

  /** Takes the lease of a run through a pooler; see {@link takeLease}. */
  async takeLease(task: LeaseTask, history: History): Promise<Outcome<History>> {
    const taken = await takeLease(task, this.#ports, this.#session, history);
    if (!taken.ok) return taken;
    this.#leased = taken.value === 'leased';
    if (this.#leased) this.#endRenewal = keepLease(this.#ports, this);
    return await readHistory(this.#session, this.#ports.hashing);
  }

  /** Sends the first writes of the run. They need not be answered before more is sent; see {@link writeBeginning}. */
  begin(task: RecordedTask, options: BeginOptions): Promise<Outcome<Begun>> {
    this.#epoch = String(BigInt(options.history.epoch) + 1n);
    this.#added = options.added ?? [];
    this.#begun = writeBeginning(task, this.#ports, this, options);
    return this.#begun;
  }

  /** Their answer was lost, and the history has them. */
  confirmBegun(environmentId: string): void {
    this.#begun = Promise.resolve(ok({ kind: 'begun', environmentId }));
  }

  /** A message has moved the head of the history. */
  moveTo(head: string): void {
    this.#head = head;
  }

  /** Reads the history as it is now, and continues from its head. */
  async readHistory(): Promise<Outcome<History>> {
    const history = await readHistory(this.#session, this.#ports.hashing);
    if (history.ok) this.#head = history.value.head;
    return history;
  }

  /** Raises the epoch over the control connection, so that messages already sent do nothing. False: not yet, or not its own. */
  async fence(): Promise<boolean> {
    const raised = await raiseEpoch(this.openControl(), this);
    if (raised.ok) this.#raiseTo(raised.value);
    return raised.ok;
  }

  /** Was this run asked to stop from another process? Then the epoch was raised in its own name. */
  async cancelledBy(): Promise<Finding | undefined> {
    const found = await findCancellation(this);
    if (found !== undefined) this.#raiseTo(found.epoch);
    return found?.finding;
  }

  /** Opens a session whose messages are sent one by one, for this work. */
  async withCopySession<T>(use: (session: Session) => Promise<T>): Promise<Outcome<T>> {
    const opened = await openSession(this.#ports, { ...this.sessionOptions, pipelined: false });
    if (!opened.ok) return opened;
    void this.#noteCopySession(opened.value);
    try {
      return ok(await use(opened.value));
    } finally {
      // It stays known: if it was lost, its backend may still be at work when the run reconnects.
      await opened.value.close();
    }
  }

  /** When the run is stopping: from here on nothing more is cancelled. */
  async settle(): Promise<void> {
    await this.#stopping?.settle();
  }

  /**
   * A new connection after a lost one: raises the epoch (the old session may change nothing more), ends what the old one
   * still does and waits until it is gone, takes the run lock, and takes the guard row, which waits until the old
   * transaction is over. Only then the history tells what has happened.
   */
  async reconnect(): Promise<Outcome<void>> {
    this.#session.abandon();
    this.#copySession?.abandon();
    await this.settle();
    // Behind a pooler the process that was asked serves others by now.
    const own = this.#backend.pid === this.#session.pid ? [this.#backend] : [];
    const old = this.#copyBackend === undefined ? own : [...own, this.#copyBackend];
    const until = this.#ports.clock() + reconnectMs;
    for (;;) {
      const back = await this.#comeBack(old);
      if (back.ok || this.#ports.clock() > until || !back.findings.some(isPassing)) return back;
      // It may hold the run lock.
      this.#session.abandon();
      await pause(this.#ports, 300 + this.#ports.random() * 400);
    }
  }

  /** A new connection for a run that holds nothing against anybody. */
  async reopen(): Promise<Outcome<void>> {
    this.#session.abandon();
    const opened = await openSession(this.#ports, { ...this.sessionOptions, pipelined: true });
    if (!opened.ok) return opened;
    this.#session = opened.value;
    return ok(undefined);
  }

  /** Writes how the run ended, over a new connection if need be. */
  async finish(verdict: Verdict, about?: RunAbout): Promise<void> {
    await this.settle();
    // Cancelled by another process, or taken over.
    if (verdict.exitCode === 130 || verdict.exitCode === 20) this.#stopping?.hurry();
    const end = endOf(verdict, about);
    const written = await finishRun(this.#session, this.run, end);
    if (written.ok) return;
    // Who cancels a run from another process may have met this very message.
    const again = written.error.lost ? (await this.reconnect()).ok : written.error.sqlstate === '57014';
    if (again) await finishRun(this.#session, this.run, end);
  }

  /** Gives back what the run holds. A lease that cannot be given back runs out. */
  async close(): Promise<void> {
    this.#stopping?.dispose();
    // From here on nobody looks after the connections.
    this.#watch?.end();
    await this.settle();
    this.#endRenewal();
    if (this.#leased) await within(this.#ports, goodbyeMs, giveBackLease(this.#session, this.run));
    this.#leased = false;
    await Promise.all([this.#session.close(), this.#control?.close()]);
  }

  async #comeBack(old: readonly Backend[]): Promise<Outcome<void>> {
    const reopened = await this.reopen();
    if (!reopened.ok) return reopened;
    const stopWatching = expectAnswers(this.#ports, this.#session);
    try {
      const backend = await backendBehind(this.#session);
      if (!backend.ok) return backend;
      this.#backend = backend.value;
      return await regainDatabase(this.#ports, this, old, () => this.#raiseOwn());
    } finally {
      stopWatching();
    }
  }

  /** False: the epoch is another run's, or there is none yet. */
  async #raiseOwn(): Promise<Outcome<boolean>> {
    const raised = await raiseEpochOver(this.#session, this);
    if (!raised.ok) return raised;
    if (raised.value !== undefined) this.#raiseTo(raised.value);
    return ok(raised.value !== undefined);
  }

  /** The newest epoch of the run; a stop and a reconnection may raise it in the same moment. */
  #raiseTo(epoch: string): void {
    if (Number(epoch) > Number(this.#epoch)) this.#epoch = epoch;
  }

  /** Its backend is asked for over the control connection, so that nothing here waits. */
  async #noteCopySession(session: Session): Promise<void> {
    this.#copySession = session;
    this.#copyBackend = undefined;
    if (this.pooled) return;
    const backend = await backendOfPid(this.#control, session.pid);
    if (this.#copySession === session) this.#copyBackend = backend;
  }
}
