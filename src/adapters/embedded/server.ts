import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { discardData, ephemeralSettings, setAside } from './ephemeral.ts';
import { finishExchange } from './exchange.ts';
import { ensureBinaries, type FetchOptions } from './fetch.ts';
import { takeLock } from './file-lock.ts';
import {
  copiedFrom,
  dismissUsers,
  findPostmaster,
  joinUsers,
  leaveUsers,
  dataMajor,
  makeHome,
  openUsers,
  readState,
  removePidFile,
  serverHome,
  writeState,
  type ServerHome,
  type ServerState,
} from './home.ts';
import { changePassword, warmDriver } from './password.ts';
import { freePort, startPostmaster, stopPostmaster, type Started } from './postmaster.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { copyTemplate, ensureDataTemplate } from './template.ts';
import { defaultMajor } from './versions.ts';
import { startWatchdog } from './watchdog.ts';

/** What to start. */
export interface EmbeddedOptions extends FetchOptions {
  /** The server's folder, `.godwit/postgres` of a project; it and its data are made if missing. */
  readonly dataDir: string;
  /** PostgreSQL major; by default that of the existing data, else {@link defaultMajor}. */
  readonly major?: number | undefined;
  /** Leave the server running when this process ends (`db start`). */
  readonly keep?: boolean | undefined;
  /** Further server settings, such as `{ fsync: 'off' }`. They apply only if this call starts the server. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /**
   * For tests: the data start empty, are not flushed, and are removed with the server, some seconds after its last
   * user.
   */
  readonly ephemeral?: boolean | undefined;
}

/** A running embedded server, as one of its users sees it. */
export interface EmbeddedServer {
  /** `postgresql://postgres:<password>@127.0.0.1:<port>/postgres`. Register the password with the redactor. */
  readonly url: string;
  readonly major: number;
  readonly port: number;
  /** The password alone, for the redactor. */
  readonly password: string;
  /** Where the files really are: elsewhere than requested when root works in a closed folder. */
  readonly dataDir: string;
  /** True when the server was running already. */
  readonly guest: boolean;
  /** Leaves the server. The last user to leave stops it and waits until it is gone, unless it is kept. */
  stop(): Promise<void>;
}

const lockWaitMs = 90_000;

/**
 * Starts the PostgreSQL server of a folder, or joins it if it is running. The server listens on loopback only, with a
 * random password, and stops with the last process that uses it, however that process ends.
 *
 * @returns the server, or faults `embedded-*` (see the catalogue).
 * @example
 * const started = await startEmbedded({ dataDir: '.godwit/postgres' });
 * if (started.ok) await started.value.stop();
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Outcome<EmbeddedServer>> {
  const home = serverHome(options.dataDir, options.env);
  try {
    const joined = join(home, options);
    if (joined !== undefined) return joined;
    makeHome(home);
    const release = await takeLock(home.lock, {
      waitMs: lockWaitMs,
      onWait: ({ pid }) =>
        options.onProgress?.({ step: 'wait', message: `process ${pid} is starting or stopping the server` }),
    });
    if (release === undefined) return err(fault('embedded-busy', { why: `The lock is ${home.lock}.` }));
    try {
      return join(home, options) ?? (await start(home, options));
    } finally {
      release();
    }
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') {
      return err(fault('embedded-not-yours', { why: `This account may not use ${path ?? home.folder}.` }));
    }
    throw error;
  }
}

/** Joins a running server; undefined when none is running, or it is stopping. */
function join(home: ServerHome, options: EmbeddedOptions): Outcome<EmbeddedServer> | undefined {
  const state = readState(home);
  if (state?.postmaster === undefined || findPostmaster(home)?.pid !== state.postmaster.pid) return undefined;
  // The password is being replaced at this moment, under the lock.
  if (state.nextPassword !== undefined) return undefined;
  const wrong = wrongMajor(home, options.major);
  if (wrong !== undefined) return err(wrong);
  const user = joinUsers(home, options.keep === true);
  if (user === undefined) return undefined;
  const { keep = false, ephemeral = false } = options;
  return ok(handle(home, state, { user, postmaster: state.postmaster, guest: true, keep, ephemeral }));
}

function wrongMajor(home: ServerHome, wanted: number | undefined): ReturnType<typeof fault> | undefined {
  const made = dataMajor(home);
  if (made === undefined || wanted === undefined || made === wanted) return undefined;
  const why = `PostgreSQL ${made} created ${home.folder}, but the configuration asks for ${wanted}.`;
  const fix = `Run \`godwit db upgrade\`, which rebuilds the data under PostgreSQL ${wanted} and keeps the old ones, or configure major version ${made}.`;
  return fault('embedded-other-major', { why, fix });
}

/** Call it only under the lock. */
async function start(home: ServerHome, options: EmbeddedOptions): Promise<Outcome<EmbeddedServer>> {
  finishExchange(home);
  if (options.ephemeral === true) {
    await awaitEnd(home);
    discardData(home);
  }
  const wrong = wrongMajor(home, options.major);
  if (wrong !== undefined) return err(wrong);
  await awaitEnd(home);
  const original = copiedFrom(home);
  if (original !== undefined)
    options.onProgress?.({
      step: 'copy',
      message: `of a folder whose server was running (${original}): this one gets a server of its own`,
    });
  const binaries = await ensureBinaries(dataMajor(home) ?? options.major ?? defaultMajor, options);
  if (!binaries.ok) return binaries;
  let state = readState(home);
  if (state === undefined || !existsSync(home.data)) {
    if (existsSync(home.data))
      return err(
        fault('embedded-start-failed', {
          why: `${home.state}, which holds the password, is missing or damaged.`,
          fix: `Remove ${home.folder} to start with an empty database.`,
        }),
      );
    warmDriver();
    const template = await ensureDataTemplate(binaries.value, home.account, options);
    if (!template.ok) return template;
    const { major, version } = binaries.value;
    state = {
      major,
      version,
      port: 0,
      password: template.value.password,
      nextPassword: randomBytes(24).toString('hex'),
    };
    copyTemplate(template.value, home.account, home.data);
    writeState(home, state);
  }
  removePidFile(home);
  return await launch(home, state, {
    program: binaries.value.postgres,
    settings: { ...(options.ephemeral === true ? ephemeralSettings : {}), ...options.settings },
    keep: options.keep === true,
    ephemeral: options.ephemeral === true,
  });
}

/**
 * Waits for a server whose last user has left and that is stopping; one that nobody stopped (after a crash) is stopped
 * here.
 */
async function awaitEnd(home: ServerHome): Promise<void> {
  const deadline = Date.now() + 3_000;
  for (;;) {
    const postmaster = findPostmaster(home);
    if (postmaster === undefined) return;
    if (Date.now() > deadline) return await stopPostmaster(postmaster);
    await sleep(10);
  }
}

interface ServerLaunch {
  readonly program: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly keep: boolean;
  readonly ephemeral: boolean;
}

async function launch(home: ServerHome, state: ServerState, options: ServerLaunch): Promise<Outcome<EmbeddedServer>> {
  const user = openUsers(home, options.keep);
  let dismiss: (() => void) | undefined;
  let started: Started = { failed: 'port', log: '' };
  let port = 0;
  for (let tries = 0; tries < 5 && 'failed' in started && started.failed === 'port'; tries += 1) {
    port = await freePort(tries === 0 && state.port > 0 ? state.port : undefined);
    dismiss?.();
    started = await startPostmaster(home, { ...options, port }, (pid) => {
      if (!options.keep) dismiss = watch(home, { user, pid, ephemeral: options.ephemeral });
    });
  }
  if ('failed' in started) {
    dismiss?.();
    leaveUsers(home, user);
    if (started.failed === 'account') return err(fault('embedded-no-account'));
    return err(fault('embedded-start-failed', { why: `The last lines of ${home.log}:\n${started.log}` }));
  }
  const { postmaster } = started;
  try {
    const running = await changePassword({ ...state, port, postmaster }, (next) => writeState(home, next));
    const { keep, ephemeral } = options;
    return ok(handle(home, running, { user, postmaster, guest: false, keep, ephemeral, dismiss }));
  } catch (error) {
    dismissUsers(home);
    await stopPostmaster(postmaster);
    dismiss?.();
    throw error;
  }
}

interface Membership {
  readonly user: string;
  readonly postmaster: ProcessIdentity;
  readonly guest: boolean;
  readonly keep: boolean;
  readonly ephemeral: boolean;
  readonly dismiss?: (() => void) | undefined;
}

interface Watched {
  readonly user: string;
  readonly pid: number;
  readonly ephemeral: boolean;
}

function watch(home: ServerHome, { user, pid, ephemeral }: Watched): () => void {
  const more = ephemeral ? { data: home.data } : {};
  return startWatchdog({ users: home.users, user, postmasterPid: pid, ...more });
}

function handle(home: ServerHome, state: ServerState, member: Membership): EmbeddedServer {
  const { user, postmaster, ephemeral } = member;
  const dismiss = member.dismiss ?? (member.keep ? undefined : watch(home, { user, pid: postmaster.pid, ephemeral }));
  let left: Promise<void> | undefined;
  const leave = async (): Promise<void> => {
    // Only `db stop` stops a kept server.
    if (member.keep) return;
    const last = leaveUsers(home, user);
    const remove = last && ephemeral ? setAside(home) : undefined;
    if (last) await stopPostmaster(postmaster);
    remove?.();
    dismiss?.();
  };
  return {
    url: urlOf(state),
    major: state.major,
    port: state.port,
    password: state.password,
    dataDir: home.folder,
    guest: member.guest,
    stop: () => (left ??= leave()),
  };
}

/** The address of a server, including its password. */
export function urlOf(state: Pick<ServerState, 'password' | 'port'>, database = 'postgres'): string {
  return `postgresql://postgres:${state.password}@127.0.0.1:${state.port}/${encodeURIComponent(database)}`;
}
