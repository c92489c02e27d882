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
import { mayReconnect, regainDatabase } from './regain-database.ts';
import { workingOn, type AddedColumns, type Begun, type LiveRun } from './live-run.ts';
import { stopOnSignal, type Stopping } from './stop-run.ts';

/** Reconnect for up to 30 s: covers a restart or a failover. */
const reconnectMs = 30_000;
const goodbyeMs = 5_000;

/** Options for opening a live run. */
export interface RunSessionOptions {
  readonly run: string;
  readonly onDisconnect: OnDisconnect;
  /** Settings that each session of the run copies from the first one. */
  readonly pinned?: Readonly<Record<string, string>>;
  /** False: the work ends on its own when the run is to stop, and is not cancelled. */
  readonly cancelsOnStop?: boolean;
}

/**
 * One live run: its sessions, its epoch, and the head of the history. Only this class writes that state. A session may
 * be replaced while the run continues, so a session kept in a variable may be dead: read the property each time.
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

  /** A run on a newly opened session, before its first writes. */
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

  /** The control connection; starts opening it without waiting. */
  openControl(): Control {
    this.#control ??= openControl(this.#ports, this.run);
    return this.#control;
  }

  /** Watches the connections from now on: their work or, for a command, only its waits for standbys. */
  watch(what: 'connections' | 'standby-waits' = 'connections'): void {
    const begin = what === 'connections' ? watchConnections : watchStandbyWaits;
    this.#watch ??= begin(this.#ports, this.openControl(), this.run, () => workingOn(this));
  }

  /** Sets the history for which the run is planned. */
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

  /** Sends the first writes of the run. More can be sent before they are answered; see {@link writeBeginning}. */
  begin(task: RecordedTask, options: BeginOptions): Promise<Outcome<Begun>> {
    this.#epoch = String(BigInt(options.history.epoch) + 1n);
    this.#added = options.added ?? [];
    this.#begun = writeBeginning(task, this.#ports, this, options);
    return this.#begun;
  }

  /** Called when their answer was lost, but the history contains them. */
  confirmBegun(environmentId: string): void {
    this.#begun = Promise.resolve(ok({ kind: 'begun', environmentId }));
  }

  /** Called when a message has moved the head of the history. */
  moveTo(head: string): void {
    this.#head = head;
  }

  /** Reads the present history, and continues from its head. */
  async readHistory(): Promise<Outcome<History>> {
    const history = await readHistory(this.#session, this.#ports.hashing);
    if (history.ok) this.#head = history.value.head;
    return history;
  }

  /**
   * Raises the epoch over the control connection, so that messages already sent do nothing. False: not yet, or the
   * epoch is not its own.
   */
  async fence(): Promise<boolean> {
    const raised = await raiseEpoch(this.openControl(), this);
    if (raised.ok) this.#raiseTo(raised.value);
    return raised.ok;
  }

  /** Was this run asked to stop by another process? Then the epoch was raised in its own name. */
  async cancelledBy(): Promise<Finding | undefined> {
    const found = await findCancellation(this);
    if (found !== undefined) this.#raiseTo(found.epoch);
    return found?.finding;
  }

  /** Opens a session that sends its messages one by one, for this work. */
  async withCopySession<T>(use: (session: Session) => Promise<T>): Promise<Outcome<T>> {
    const opened = await openSession(this.#ports, { ...this.sessionOptions, pipelined: false });
    if (!opened.ok) return opened;
    void this.#noteCopySession(opened.value);
    try {
      return ok(await use(opened.value));
    } finally {
      // It is kept: if it was lost, its backend may still be at work when the run reconnects.
      await opened.value.close();
    }
  }

  /** When the run is stopping: from here on nothing more is cancelled. */
  async settle(): Promise<void> {
    await this.#stopping?.settle();
  }

  /**
   * Reconnects after a lost connection: raises the epoch (the old session can no longer change anything), ends the old
   * session's work and waits until it is gone, takes the run lock, and locks the guard row, which waits until the old
   * transaction is over. Only then does the history show what has happened.
   */
  async reconnect(): Promise<Outcome<void>> {
    this.#session.abandon();
    this.#copySession?.abandon();
    await this.settle();
    // Behind a pooler, that server process may serve other clients by now.
    const own = this.#backend.pid === this.#session.pid ? [this.#backend] : [];
    const old = this.#copyBackend === undefined ? own : [...own, this.#copyBackend];
    const until = this.#ports.clock() + reconnectMs;
    for (;;) {
      const back = await this.#comeBack(old);
      if (back.ok || this.#ports.clock() > until || !back.findings.some(mayReconnect)) return back;
      // The old session may hold the run lock.
      this.#session.abandon();
      await pause(this.#ports, 300 + this.#ports.random() * 400);
    }
  }

  /** A new connection for a run without lock or lease. */
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
    // The run was cancelled by another process, or taken over.
    if (verdict.exitCode === 130 || verdict.exitCode === 20) this.#stopping?.hurry();
    const end = endOf(verdict, about);
    const written = await finishRun(this.#session, this.run, end);
    if (written.ok) return;
    // A cancel request from another process may have hit this very message.
    const again = written.error.lost ? (await this.reconnect()).ok : written.error.sqlstate === '57014';
    if (again) await finishRun(this.#session, this.run, end);
  }

  /** Releases what the run holds. A lease that cannot be released expires. */
  async close(): Promise<void> {
    this.#stopping?.dispose();
    // From here on the connections are not watched.
    this.#watch?.end();
    await this.settle();
    this.#endRenewal();
    if (this.#leased) await within(this.#ports, goodbyeMs, giveBackLease(this.#session, this));
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

  /** False: the epoch belongs to another run, or there is none yet. */
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

  /** Its backend is queried over the control connection, so that nothing here waits. */
  async #noteCopySession(session: Session): Promise<void> {
    this.#copySession = session;
    this.#copyBackend = undefined;
    if (this.pooled) return;
    const backend = await backendOfPid(this.#control, session.pid);
    if (this.#copySession === session) this.#copyBackend = backend;
  }
}
