import type { Client } from 'pg';
import { stopEmbedded } from '../adapters/embedded/control.ts';
import {
  beginExchange,
  discardUpgrade,
  finishExchange,
  isExchanging,
  keptData,
  makeUpgradeFolder,
  upgradeFolder,
} from '../adapters/embedded/exchange.ts';
import { takeLock } from '../adapters/embedded/file-lock.ts';
import { dismissUsers, findPostmaster, serverHome } from '../adapters/embedded/home.ts';
import { stopPostmaster } from '../adapters/embedded/postmaster.ts';
import { startEmbedded, type EmbeddedOptions, type EmbeddedServer } from '../adapters/embedded/server.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import { createConnector } from '../adapters/postgres/connector.ts';
import { runnerClock } from '../adapters/runner-clock.ts';
import { copyRows, differingTables, isHistory } from '../adapters/upgrade/copy-rows.ts';
import { listObjects } from '../adapters/upgrade/list-objects.ts';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import { perform } from '../migrate/runner/perform.ts';
import type { Bundle, Connector } from '../migrate/contract/ports.ts';
import type { Actor, Task } from '../migrate/contract/task.ts';
import type { Project } from '../project/open.ts';
import { applyTask, identifyTask, verifyTask } from './tasks.ts';
import { driftIn, leftBehind, upgradeSourceOf } from './upgrade-checks.ts';
import { embeddedFolder } from '../project/wire.ts';

/** The options of an upgrade of an embedded server. */
export interface UpgradeOptions {
  readonly to: number;
  /** True: objects that no migration made are left behind. */
  readonly loseRest: boolean;
  readonly bundle: Bundle;
  readonly actor: Actor;
  readonly signal: AbortSignal;
  readonly onProgress: NonNullable<EmbeddedOptions['onProgress']>;
  readonly onStep: (text: string) => void;
}

/** The result of an upgrade. */
export interface Upgraded {
  readonly from: number;
  readonly tables: number;
  readonly rows: number;
  readonly migrations: number;
  /** The folder of the replaced data, and the state file of their server. */
  readonly kept: { readonly data: string; readonly state: string };
  /** Warnings. */
  readonly findings: readonly Finding[];
}

/**
 * Upgrades the data of an embedded server to another major: the applied migrations run again on a server of that major,
 * and the rows are copied, including the history. The old data stay in place until the new ones are complete and
 * verified, and are kept afterwards.
 */
export async function upgradeEmbedded(project: Project, options: UpgradeOptions): Promise<Outcome<Upgraded>> {
  const dataDir = embeddedFolder(project);
  const env = { ...project.env };
  const common = { env, signal: options.signal, onProgress: options.onProgress };
  await stopEmbedded(dataDir, env);
  // A process that joins meanwhile may only read: what it wrote would be lost.
  const old = await startEmbedded({ ...common, dataDir, settings: { default_transaction_read_only: 'on' } });
  if (!old.ok) return old;
  if (old.value.guest) {
    await old.value.stop();
    return err(fault('embedded-busy', { why: 'Another process has just started it again.' }));
  }
  let fresh: EmbeddedServer | undefined;
  try {
    project.redactor.register(old.value.password);
    const from = sideOf(old.value, options);
    const before = await lookAtOld(project, from, options);
    if (!before.ok) return before;
    const home = serverHome(dataDir, env);
    // The server of a killed upgrade may still be running.
    await stopEmbedded(upgradeFolder(home.folder), env);
    options.onStep(`starting PostgreSQL ${options.to} next to PostgreSQL ${old.value.major}`);
    const started = await startEmbedded({ ...common, dataDir: makeUpgradeFolder(home), major: options.to });
    if (!started.ok) return started;
    fresh = started.value;
    project.redactor.register(fresh.password);
    const made = await rebuild(project, { from, to: sideOf(fresh, options), before: before.value }, options);
    if (!made.ok || options.signal.aborted) return made.ok ? interrupted : made;
    await fresh.stop();
    const release = await takeLock(home.lock, { waitMs: 30_000 });
    if (release === undefined) return err(fault('embedded-busy', { why: `The lock is ${home.lock}.` }));
    try {
      dismissUsers(home);
      const postmaster = findPostmaster(home);
      if (postmaster !== undefined) await stopPostmaster(postmaster);
      beginExchange(home);
      finishExchange(home);
    } finally {
      release();
    }
    return ok({ ...made.value, from: old.value.major, kept: keptData(home, old.value.major) });
  } catch (error) {
    return options.signal.aborted ? interrupted : err(fault('upgrade-failed', { why: (error as Error).message }));
  } finally {
    await fresh?.stop();
    await old.value.stop();
    discardUpgrade(serverHome(dataDir, env));
  }
}

/** Finishes the exchange of the data if an upgrade was killed during it. */
export async function finishUpgrade(project: Project): Promise<void> {
  const home = serverHome(embeddedFolder(project), { ...project.env });
  if (!isExchanging(home)) return;
  const release = await takeLock(home.lock, { waitMs: 30_000 });
  finishExchange(home);
  release?.();
}

const interrupted = err(fault('interrupted', { why: 'The data are unchanged.' }));

/** One of the two servers, for tasks of the runner and for connections of the driver. */
interface UpgradeSide {
  readonly major: number;
  readonly connector: Connector;
  perform(task: Task): Promise<Performed>;
  connect(): Promise<Client>;
}

interface Performed {
  readonly exitCode: number;
  readonly events: readonly RunEvent[];
  readonly errors: readonly Finding[];
}

function sideOf({ major, port, password, url }: EmbeddedServer, { bundle, signal }: UpgradeOptions): UpgradeSide {
  const connector = createConnector({
    host: '127.0.0.1',
    port,
    database: 'postgres',
    user: 'postgres',
    password,
    tls: 'disable',
  });
  return {
    major,
    connector,
    async perform(task) {
      const events: RunEvent[] = [];
      const emit = (event: RunEvent): void => void events.push(event);
      const exitCode = await perform(task, {
        connector,
        bundle,
        hashing: nodeHashing,
        emit,
        ...runnerClock(signal),
        signal,
      });
      const findings = events.flatMap((event) => (event.kind === 'finding' ? [event.finding] : []));
      return { exitCode, events, errors: findings.filter(({ severity }) => severity === 'error') };
    },
    async connect() {
      const { Client: Driver } = await import('pg');
      const client = new Driver({ connectionString: url, application_name: 'godwit db upgrade' });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    },
  };
}

interface Before {
  readonly applied: readonly string[];
  readonly isNew: boolean;
  readonly drift: readonly string[];
}

/** Reads the old database, and refuses it if the migrations cannot rebuild it. */
async function lookAtOld(project: Project, from: UpgradeSide, options: UpgradeOptions): Promise<Outcome<Before>> {
  const session = await from.connector.open({ pipelined: true, applicationName: 'godwit db upgrade', settings: {} });
  if (!session.ok) return session;
  const standing = await upgradeSourceOf(session.value, options.bundle);
  await session.value.close();
  if (!standing.ok) return standing;
  options.onStep('comparing the database with what the migrations made');
  const verified = await from.perform(lookTask(project, options));
  if (verified.exitCode !== 0 && verified.exitCode !== 50) return err(...verified.errors);
  const { applied, history } = standing.value;
  return ok({ applied, isNew: history.version === 0, drift: driftIn(verified.events) });
}

/** Verifies without firing triggers: these take numbers from sequences, even in a rolled-back transaction. */
function lookTask(project: Project, { actor }: UpgradeOptions): Task {
  const task = verifyTask(project, actor, { strict: false });
  return { ...task, verification: { ...task.verification, triggers: 'inspect' } };
}

interface Rebuilding {
  readonly from: UpgradeSide;
  readonly to: UpgradeSide;
  readonly before: Before;
}

async function rebuild(
  project: Project,
  { from, to, before }: Rebuilding,
  options: UpgradeOptions,
): Promise<Outcome<Omit<Upgraded, 'from' | 'kept'>>> {
  const { actor, onStep } = options;
  if (before.applied.length > 0) {
    onStep(`running ${before.applied.length} migrations on PostgreSQL ${to.major}`);
    const selection = { direction: 'up', only: before.applied, outOfOrder: true } as const;
    const request = {
      command: 'up',
      selection,
      verify: false,
      destroyRows: true,
      nameTyped: true,
      waived: 'an upgrade',
    };
    const ran = await to.perform(await applyTask(project, actor, request));
    if (ran.exitCode !== 0) return err(...ran.errors.map((finding) => onOther(finding, to.major)));
  }
  const [old, fresh] = [await from.connect(), await to.connect()];
  try {
    await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const there = new Set(await listObjects(fresh));
    const lacking = (await listObjects(old)).filter((text) => !there.has(text));
    const findings = leftBehind([...before.drift, ...lacking], options.loseRest);
    if (!options.loseRest && findings.length > 0) return err(...findings);
    const { tables, rows } = await copyRows(old, fresh, {
      signal: options.signal,
      onTable: (name, done, of) => onStep(`copying rows: table ${done + 1} of ${of}, ${name}`),
    });
    onStep('comparing the rows');
    const differing = await differingTables(old, fresh, tables);
    if (differing.length > 0)
      return err(fault('upgrade-failed', { why: `The rows differ in ${differing.join(', ')}.` }));
    const settled = before.isNew ? undefined : await settle(project, { from, to, before }, options);
    if (settled !== undefined && settled.length > 0) return err(...settled);
    return ok({
      tables: tables.filter((table) => !isHistory(table)).length,
      rows,
      migrations: before.applied.length,
      findings,
    });
  } finally {
    await Promise.all([old.end(), fresh.end()]);
  }
}

/** Records that the history has moved, which binds the baseline to the new server; then verifies everything. */
async function settle(
  project: Project,
  { from, to }: Rebuilding,
  options: UpgradeOptions,
): Promise<readonly Finding[]> {
  const reason = `upgraded from PostgreSQL ${from.major} to ${to.major}`;
  const request = { reason, approved: true, waitMs: 0 };
  const identified = await to.perform({ ...(await identifyTask(project, options.actor, request)), moved: true });
  if (identified.exitCode !== 0) return identified.errors;
  options.onStep(`verifying on PostgreSQL ${to.major}`);
  const verified = await to.perform(lookTask(project, options));
  if (verified.exitCode === 0) return [];
  const failed = driftIn(verified.events);
  return failed.length === 0
    ? verified.errors
    : [fault('upgrade-failed', { why: `These differ on PostgreSQL ${to.major}: ${failed.join('; ')}.` })];
}

function onOther(finding: Finding, major: number): Finding {
  return { ...finding, why: `On PostgreSQL ${major}: ${finding.why}` };
}
