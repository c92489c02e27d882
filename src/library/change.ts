import type { OptionNames } from '../kit/known-options.ts';
import type { Checkpoint } from '../migrate/contract/checkpoint.ts';
import type { Change, Check, Plan } from '../migrate/contract/model.ts';
import { adopt as record, prepareAdoption } from '../operations/adopt.ts';
import { change, firstTaskOf } from '../operations/change.ts';
import { changeRequestOf, type ChangeOptions } from '../operations/change-request.ts';
import {
  call,
  effectsOf,
  endingOfOperation,
  openingOf,
  projectOptionNames,
  refusal,
  type Ending,
  type LibraryCall,
  type ProjectOptions,
} from './call.ts';

/** What a run did. */
export interface Deployed extends Ending {
  /** Id of the run; empty if no run was started. */
  readonly run: string;
  readonly plan?: Plan;
  /** The checkpoint that was taken for the run, if the policy requires one. */
  readonly checkpoint?: Checkpoint;
  /** Ids of the migrations that this run applied, undid or recorded, in order. */
  readonly applied: readonly string[];
  /** What the run created, changed and dropped, as the server reports it. */
  readonly changes: readonly Change[];
  readonly checks: readonly Check[];
}

/** The options of `down`, which `deploy` has too. */
export interface DownOptions extends ProjectOptions {
  /** The last version to apply; for `down`: undo everything after it (0: everything). */
  readonly to?: string | undefined;
  /** Path of a standalone script in place of the migrations folder. */
  readonly file?: string | undefined;
  /** File of a reviewed plan: the run executes exactly this plan, or nothing. */
  readonly plan?: string | undefined;
  /** Hash of a reviewed plan: the run executes only this plan. Protected environments require it, or `plan`. */
  readonly planHash?: string | undefined;
  /** How many rows may be lost in addition to those that the migrations themselves created. */
  readonly allowRowLoss?: number | undefined;
  /** Why no checkpoint is to be taken although the policy requires one; recorded. */
  readonly waiveCheckpoint?: string | undefined;
  /** How long to wait for another run, in milliseconds; default: 60,000. */
  readonly waitMs?: number | undefined;
  /** How long a migration may keep trying for locks that others hold, in milliseconds. */
  readonly lockBudgetMs?: number | undefined;
  /** True: ends a live run that holds the database, and continues from there; recorded. */
  readonly takeOver?: boolean | undefined;
  /** What the server does with a running statement when this process is gone: `cancel` (default) or `finish`. */
  readonly onDisconnect?: 'cancel' | 'finish' | undefined;
}

/** The options of `deploy`. */
export interface DeployOptions extends DownOptions {
  /** Apply pending migrations that are older than the newest applied one. */
  readonly outOfOrder?: boolean | undefined;
  /** Apply again only what an unfinished `down` has undone. */
  readonly resumeUp?: boolean | undefined;
  /** A transaction for `each` migration (default), or one for `all`: then all are applied, or none. */
  readonly tx?: 'each' | 'all' | undefined;
  /**
   * True: the run may drop or empty tables and columns that hold rows. Otherwise such a run is refused before anything
   * changes (`destroys-rows`), except in the environment `local`, with a reviewed plan, or if the file allows it.
   */
  readonly destroyRows?: boolean | undefined;
  /** The tool whose history in the database belongs to other migrations than these. */
  readonly ignoreForeign?: string | undefined;
  /** False: do not verify afterwards. */
  readonly verify?: boolean | undefined;
  /** True: warnings of verification fail the run. */
  readonly strict?: boolean | undefined;
  /** True: the run starts in its own process or job and continues there; `runs.attach` follows it. */
  readonly detach?: boolean | undefined;
}

const downOptions: OptionNames<DownOptions> = {
  ...projectOptionNames,
  to: true,
  file: true,
  plan: true,
  planHash: true,
  allowRowLoss: true,
  waiveCheckpoint: true,
  waitMs: true,
  lockBudgetMs: true,
  takeOver: true,
  onDisconnect: true,
};

const deployOptions: OptionNames<DeployOptions> = {
  ...downOptions,
  outOfOrder: true,
  resumeUp: true,
  tx: true,
  destroyRows: true,
  ignoreForeign: true,
  verify: true,
  strict: true,
  detach: true,
};

const nothing = { run: '', applied: [], changes: [], checks: [] };

/**
 * Applies what is pending, verifies it, records it, and executes the hooks of the environment.
 * Does all that `godwit up` does, with every policy of the environment.
 *
 * @param options the project, limits and consents, see {@link DeployOptions}
 * @returns how the call ended, with the plan, what was applied and every check
 * @throws GodwitError only with `throwOnFailure`; expected failures are findings
 * @example
 * const { outcome, applied } = await deploy({ cwd: projectFolder });
 * // outcome: 'done', applied: ['1', '2']
 */
export async function deploy(options: DeployOptions = {}): Promise<Deployed> {
  return await changeBy({ name: 'deploy', options, known: deployOptions, nothing }, 'up', options);
}

/**
 * Undoes the last migration, or all migrations after a version, with their down files.
 * Does all that `godwit down` does.
 *
 * @param options the project, limits and consents, see {@link DownOptions}
 * @returns how the call ended; `applied` has the ids that were undone
 * @throws GodwitError only with `throwOnFailure`; expected failures are findings
 * @example
 * const undone = await down({ cwd: projectFolder });
 * // undone.outcome: 'done', undone.applied: ['2']
 */
export async function down(options: DownOptions = {}): Promise<Deployed> {
  return await changeBy({ name: 'down', options, known: downOptions, nothing }, 'down', options);
}

async function changeBy(
  about: LibraryCall<Deployed>,
  direction: 'up' | 'down',
  options: ChangeOptions & ProjectOptions,
): Promise<Deployed> {
  const request = await changeRequestOf(openingOf(options).cwd, direction, options);
  const file = request.ok ? (request.value.reviewed?.file ?? options.file) : undefined;
  const first = request.ok ? firstTaskOf(request.value, false) : undefined;
  const needs = { file, changes: true, detached: options.detach, first };
  return await call<Deployed>(about, needs, async ({ operation, findings }) => {
    if (!request.ok) return { ...refusal(request.findings), ...nothing };
    return deployedBy(endingOfOperation(await change(operation, request.value), findings));
  });
}

function deployedBy({ events, ...ending }: ReturnType<typeof endingOfOperation>): Deployed {
  return { ...ending, ...effectsOf(events) };
}

/** What `adopt` is to record. */
export interface AdoptOptions extends ProjectOptions {
  /** Versions or names of migrations; default: all that are pending. */
  readonly names?: readonly string[] | undefined;
  /** Records everything up to this version without proof. */
  readonly baseline?: string | undefined;
  /**
   * Takes over what another migration tool says is applied: its name, the name of its history table, or `auto`. The
   * database is compared all the same.
   */
  readonly from?: string | undefined;
  /** How long to wait for another run, in milliseconds; default: 60,000. */
  readonly waitMs?: number | undefined;
}

const adoptOptions: OptionNames<AdoptOptions> = {
  ...projectOptionNames,
  names: true,
  baseline: true,
  from: true,
  waitMs: true,
};

/**
 * Takes over a database whose tables exist already: records the migrations that it is proven to contain. Your tables
 * are not changed.
 *
 * @param options the project, and which migrations, see {@link AdoptOptions}
 * @returns how the call ended; `applied` has the ids that were recorded
 * @throws GodwitError only with `throwOnFailure`; expected failures are findings
 * @example
 * const adopted = await adopt({ cwd: projectFolder });
 * // adopted.outcome: 'nothing-to-do', adopted.applied: []
 */
export async function adopt(options: AdoptOptions = {}): Promise<Deployed> {
  const about = { name: 'adopt', options, known: adoptOptions, nothing };
  return await call<Deployed>(about, { changes: true }, async ({ operation, findings }) => {
    const { names = [], baseline, from, waitMs } = options;
    const request = { names, baseline, from, waitMs };
    const prepared = await prepareAdoption(operation, request);
    if (!prepared.ok) return { ...refusal([...findings, ...prepared.findings]), ...nothing };
    const warnings = [...findings, ...prepared.value.findings];
    return deployedBy(endingOfOperation(await record(operation, prepared.value, request), warnings));
  });
}
