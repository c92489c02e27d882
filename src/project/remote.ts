import { hostname } from 'node:os';
import { join } from 'node:path';
import { isAlive, processStart } from '../adapters/embedded/process-identity.ts';
import { defaultTimeoutsFor } from '../adapters/engines/cloud-run/context.ts';
import type { CloudRunOptions } from '../adapters/engines/cloud-run/options.ts';
import { createReadPace } from '../adapters/engines/cloud-run/read-pace.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import { createGoogle, type Google } from '../adapters/google/google.ts';
import { combineLedgers } from '../adapters/ledger/combined-ledger.ts';
import { createLogLedger } from '../adapters/ledger/log-ledger.ts';
import { readLoggedLines } from '../adapters/ledger/logged-lines.ts';
import { createResultFiles, type ResultFiles } from '../adapters/ledger/result-files.ts';
import { milliseconds } from '../kit/duration.ts';
import type { Redactor } from '../kit/redact.ts';
import type { Engine, Ledger, LedgerEntry } from '../migrate/contract/engine.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import { runnerFile } from './runner-file.ts';

/** The remote side of an environment whose work is executed in the cloud. */
export interface Remote {
  readonly options: CloudRunOptions;
  /** Where the work is executed, as text: all that is known before a job connects to the database. */
  readonly place: string;
  readonly google: Google;
  readonly ledger: Ledger;
  /** Results of executions, kept on this machine. */
  readonly results: ResultFiles;
  /** Creates the engine, which reports its steps before a run starts as text. */
  engine(onProgress: (text: string) => void): Promise<Engine>;
  /** All events of an execution, started from any machine; undefined: they are not completely available. */
  said(entry: LedgerEntry): Promise<readonly RunEvent[] | undefined>;
}

/** The options of opening a remote side. */
export interface RemoteOptions {
  readonly environment: string;
  readonly options: CloudRunOptions;
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly redactor: Redactor;
  /** The ledger of this machine. */
  readonly files: Ledger;
}

/** Opens the remote side. Connects and searches for credentials only when they are needed. */
export function openRemote({ environment, options, stateDir, env, redactor, files }: RemoteOptions): Remote {
  const redact = (text: string): string => redactor.redact(text);
  const google = createGoogle({
    endpoints: options.endpoints,
    env,
    redactor,
    quotaProject: options.project,
    ...(options.impersonate === undefined ? {} : { impersonate: options.impersonate }),
  });
  const results = createResultFiles(join(stateDir, 'results'), redact);
  // The ledger and the lines of jobs are read from the same quota.
  const readPace = createReadPace(defaultTimeoutsFor(options).reads);
  const shared = createLogLedger({ google, project: options.project, logs: options.logs, redact, readPace });
  return {
    options,
    place: placeText(options),
    google,
    results,
    ledger: combineLedgers(files, () => Promise.resolve(shared)),
    async engine(onProgress) {
      const { createCloudRunEngine } = await import('../adapters/engines/cloud-run/engine.ts');
      const runner = runnerFile();
      const common = {
        options,
        environment,
        google,
        hashing: nodeHashing,
        redactor,
        runner,
        onProgress,
        env,
        readPace,
      };
      const linesMs = milliseconds(env['GODWIT_LINES_PATIENCE'] ?? '');
      const grantMs = milliseconds(env['GODWIT_GRANT_PATIENCE'] ?? '');
      const timeouts = {
        ...(linesMs === undefined ? {} : { linesMs }),
        ...(grantMs === undefined ? {} : { grantMs }),
      };
      return createCloudRunEngine({ ...common, timeouts });
    },
    async said({ run, execution, finishedAt }) {
      const kept = await results.read(run);
      if (kept !== undefined || execution === undefined) return kept;
      const lines = await readLoggedLines({
        google,
        hashing: nodeHashing,
        logs: options.logs,
        run,
        execution,
        finishedAt,
      });
      if (!lines.ok || !lines.value.complete) return undefined;
      await results.keep(run, lines.value.events);
      return lines.value.events;
    },
  };
}

/** `Cloud Run acme-dev/us-central1 · secret database-url-dev, newest version · Cloud SQL acme-dev:us-central1:dev-db` */
function placeText({ project, region, secret, secretVersion, instance }: CloudRunOptions): string {
  const version = secretVersion === undefined ? 'newest version' : `version ${secretVersion}`;
  return [
    `Cloud Run ${project}/${region}`,
    `secret ${secret}, ${version}`,
    ...(instance === undefined ? [] : [`Cloud SQL ${instance}`]),
  ].join(' · ');
}

/** Identifies this process as the one that waits for a run's end. */
export function thisController(): string {
  return `${hostname()} ${process.pid} ${processStart(process.pid) ?? ''}`;
}

/** Says whether the process that waited for this run's end is known to be dead; never true for other machines. */
export function isDeserted({ controller }: LedgerEntry): boolean {
  const [, host, pid, start = ''] = /^(\S+) (\d+) (.*)$/.exec(controller ?? '') ?? [];
  return host === hostname() && pid !== undefined && !isAlive({ pid: Number(pid), start });
}
