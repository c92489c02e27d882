/**
 * The library: what the commands do, without console or process.
 *
 * @module
 */
import { env as processEnv } from 'node:process';
import { resolveActor } from './adapters/actor.ts';
import { exitCodeOf } from './kit/fault.ts';
import type { Finding } from './kit/finding.ts';
import type { Checkpoint } from './migrate/contract/checkpoint.ts';
import type { RunEvent } from './migrate/contract/event.ts';
import type { RunOutcome } from './migrate/contract/run-outcome.ts';
import type { HistoryRow } from './migrate/contract/history-rows.ts';
import type { Change, Check, Plan } from './migrate/contract/model.ts';
import { readBareName } from './migrate/read/read-bare-file.ts';
import { nodeHashing } from './adapters/files/hashing.ts';
import { compareReported } from './migrate/plan/reported-statements.ts';
import type { Actor, Task } from './migrate/contract/task.ts';
import { openProject, type Project } from './project/open.ts';
import { runTask } from './project/run-task.ts';
import { applyTask, inspectTask, ofAnyDatabase, planTask, verifyTask } from './project/tasks.ts';
import { version } from './project/version.ts';
import { wire, type Wired } from './project/wire.ts';

export type { Finding, Place, Severity } from './kit/finding.ts';
export type { RunEvent } from './migrate/contract/event.ts';
export type { RunOutcome } from './migrate/contract/run-outcome.ts';
export type { Checkpoint } from './migrate/contract/checkpoint.ts';
export type { HistoryRow } from './migrate/contract/history-rows.ts';
export type { Change, Check, Plan, PlanStep } from './migrate/contract/model.ts';

/** Where the project is and which of its environments is meant. */
export interface ProjectOptions {
  /** Absolute path of the project's folder. */
  readonly cwd: string;
  /** Environment variables: database URLs, the home folder, what CI says of itself. Default: those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Name of the environment; default `local`. */
  readonly environment?: string;
  /** Path of the configuration file; default `godwit.config.ts`, `.mjs` or `.json` in `cwd`. */
  readonly config?: string;
  /** Path of one bare file in place of the migrations folder. */
  readonly file?: string;
  /** Hears every event as it happens. */
  readonly onEvent?: (event: RunEvent) => void;
  /** Aborted: a run stops at the next safe point. */
  readonly signal?: AbortSignal;
}

/** How it ended. `exitCode` is the one the command would end with; `findings` say why. */
export interface Ending {
  readonly outcome: RunOutcome;
  readonly exitCode: number;
  readonly findings: readonly Finding[];
}

/** What `status` tells. */
export interface Status extends Ending {
  /** What is applied now, in the order of application. */
  readonly applied: readonly HistoryRow[];
  /** Ids that are not applied, in the order of the folder. */
  readonly pending: readonly string[];
}

/** What `plan` tells. The plan is absent when there is something wrong. */
export interface Planned extends Ending {
  readonly plan?: Plan;
}

/** What `deploy` did. */
export interface Deployed extends Ending {
  readonly run: string;
  readonly plan?: Plan;
  /** The checkpoint that was taken for it, where the policy asked for one. */
  readonly checkpoint?: Checkpoint;
  /** Ids of the migrations that this run has applied, in order. */
  readonly applied: readonly string[];
  /** What it created, changed and dropped, as the server tells it. */
  readonly changes: readonly Change[];
  readonly checks: readonly Check[];
}

/** What `verify` found. */
export interface Verified extends Ending {
  readonly checks: readonly Check[];
}

/** What `deploy` may do. */
export interface DeployOptions extends ProjectOptions {
  /** The last version to apply; default: all. */
  readonly to?: string;
  /** Apply pending migrations that are older than the newest applied one. */
  readonly outOfOrder?: boolean;
  /** Hash of the reviewed plan: nothing else is applied. Protected environments need it. */
  readonly planHash?: string;
  /**
   * True: go on although tables or columns that hold rows are dropped or emptied. Otherwise such a run is refused before
   * anything changes (`destroys-rows`), except in the environment `local`, with a `planHash`, or where the file allows it.
   */
  readonly destroyRows?: boolean;
  /** Why none is to be taken, where the policy asks for a checkpoint; recorded. */
  readonly waiveCheckpoint?: string;
  /** False: do not verify afterwards. */
  readonly verify?: boolean;
  /** True: warnings of verification fail the run. */
  readonly strict?: boolean;
  /** True: a live run that holds the database is ended, and this one goes on from where it stands; recorded. */
  readonly takeOver?: boolean;
  /** What the server does with a running statement when this process has gone: `cancel` (default) or `finish`. */
  readonly onDisconnect?: 'cancel' | 'finish';
}

/**
 * Tells what is applied and what is pending. Changes nothing.
 *
 * @param options the project, see {@link ProjectOptions}
 * @returns the state; with `exitCode` 30 when the database cannot be reached
 * @throws never for expected failures: they are findings
 * @example
 * const { applied, pending } = await status({ cwd: projectFolder });
 * // applied.length: 0, pending: ['1', '2']
 */
export async function status(options: ProjectOptions): Promise<Status> {
  const nothing = { applied: [], pending: [] };
  return withProject<Status>(options, nothing, async (ready) => {
    const task = ofAnyDatabase(inspectTask(ready.project, ready.actor, { what: 'history' }));
    const ended = await run(ready, task, options, 'status');
    const history = ended.events.findLast((event) => event.kind === 'history');
    if (history === undefined) return { ...ending(ended), ...nothing };
    const { comparison, findings: found } = await compareReported(ready.wired.bundle, history, nodeHashing, {
      outOfOrder: false,
      local: ready.project.environment.name === 'local',
      ahead: ready.project.environment.ahead,
    });
    const findings = [...ended.findings, ...found];
    return {
      ...ending(ended),
      findings,
      applied: comparison.applied.map(({ row }) => row),
      pending: comparison.pending.map(({ id }) => id),
    };
  });
}

/**
 * Computes what would run now. Changes nothing.
 *
 * @param options the project and limits (`to`, `outOfOrder`)
 * @returns the plan with its hash, or findings that say why there is none (`exitCode` 10)
 * @throws never for expected failures: they are findings
 * @example
 * const { plan: next } = await plan({ cwd: projectFolder });
 * // next?.steps.map((step) => step.id): ['1', '2']
 */
export async function plan(options: Pick<DeployOptions, keyof ProjectOptions | 'to' | 'outOfOrder'>): Promise<Planned> {
  return withProject<Planned>(options, {}, async (ready) => {
    const task = ofAnyDatabase(planTask(ready.project, ready.actor, selectionOf(options, ready)));
    const ended = await run(ready, task, options, 'plan');
    return { ...ending(ended), ...planOf(ended.events) };
  });
}

/**
 * Applies what is pending, verifies it, and records it: the whole of `godwit up`.
 *
 * @param options the project, limits and consents, see {@link DeployOptions}
 * @returns how it ended, with the plan, what was applied and every check
 * @throws never for expected failures: they are findings
 * @example
 * const { outcome, applied } = await deploy({ cwd: projectFolder });
 * // outcome: 'done', applied: ['1', '2']
 */
export async function deploy(options: DeployOptions): Promise<Deployed> {
  const nothing = { run: '', applied: [], changes: [], checks: [] };
  return withProject<Deployed>(options, nothing, async (ready) => {
    const task = await applyTask(ready.project, ready.actor, {
      command: 'up',
      selection: selectionOf(options, ready),
      verify: options.verify ?? true,
      strict: options.strict ?? false,
      takeOver: options.takeOver ?? false,
      onDisconnect: options.onDisconnect ?? 'cancel',
      ...(options.planHash === undefined ? {} : { planHash: options.planHash }),
      ...(options.destroyRows === undefined ? {} : { destroyRows: options.destroyRows }),
      ...(options.waiveCheckpoint === undefined ? {} : { waived: options.waiveCheckpoint }),
    });
    const ended = await run(ready, task, options, 'up');
    return {
      ...ending(ended),
      run: task.run,
      ...planOf(ended.events),
      ...checkpointOf(ended.events),
      applied: ended.events.flatMap((event) => (event.kind === 'migration.applied' ? [event.id] : [])),
      changes: ended.events.flatMap((event) => (event.kind === 'changes' ? event.changes : [])),
      checks: checksOf(ended.events),
    };
  });
}

/**
 * Checks that the database is what the applied migrations state, and finds drift by the server's own definitions.
 *
 * @param options the project; `strict` makes warnings fail
 * @returns every check; `exitCode` 50 when one has failed
 * @throws never for expected failures: they are findings
 * @example
 * const { checks } = await verify({ cwd: projectFolder });
 * // checks.every((check) => check.ok): true
 */
export async function verify(options: ProjectOptions & { readonly strict?: boolean }): Promise<Verified> {
  return withProject<Verified>(options, { checks: [] }, async (ready) => {
    const looking = verifyTask(ready.project, ready.actor, { strict: options.strict ?? false });
    const task = options.strict === true ? looking : ofAnyDatabase(looking);
    const ended = await run(ready, task, options, 'verify');
    return { ...ending(ended), checks: checksOf(ended.events) };
  });
}

interface ReadyProject {
  readonly project: Project;
  readonly wired: Wired;
  readonly actor: Actor;
}

type Ended = Ending & { readonly events: readonly RunEvent[] };

async function withProject<Result extends Ending>(
  options: ProjectOptions,
  nothing: Omit<Result, keyof Ending>,
  work: (ready: ReadyProject) => Promise<Result>,
): Promise<Result> {
  const refused = (findings: readonly Finding[]): Result =>
    ({ outcome: 'refused', exitCode: exitCodeOf(findings), findings, ...nothing }) as Result;
  const project = await openProject({
    cwd: options.cwd,
    env: options.env ?? processEnv,
    ...(options.config === undefined ? {} : { configFile: options.config }),
    ...(options.environment === undefined ? {} : { environment: options.environment }),
  });
  if (!project.ok) return refused(project.findings);
  const wired = await wire(project.value, {
    migrations: true,
    detached: false,
    ...(options.file === undefined ? {} : { file: options.file, cwd: options.cwd }),
  });
  if (!wired.ok) return refused(wired.findings);
  try {
    const actor = await resolveActor(project.value.root, options.env ?? processEnv, version());
    return await work({ project: project.value, wired: wired.value, actor });
  } finally {
    await wired.value.close();
  }
}

async function run(
  { project, wired }: ReadyProject,
  task: Task,
  options: ProjectOptions,
  command: string,
): Promise<Ended> {
  const { execution, warnings } = await runTask(project, wired, task, {
    command,
    onEvent: options.onEvent ?? (() => {}),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return { ...execution, findings: [...project.findings, ...wired.findings, ...execution.findings, ...warnings] };
}

function ending({ outcome, exitCode, findings }: Ending): Ending {
  return { outcome, exitCode, findings };
}

function selectionOf(
  options: Pick<DeployOptions, 'to' | 'outOfOrder' | 'file'>,
  { wired }: ReadyProject,
): Parameters<typeof planTask>[2] {
  return {
    direction: options.file !== undefined && readBareName(options.file).undoes ? 'down' : 'up',
    outOfOrder: options.outOfOrder ?? false,
    ...(options.to === undefined ? {} : { to: options.to }),
    ...(options.file === undefined ? {} : { only: wired.bundle.migrations.map(({ id }) => id) }),
  };
}

function planOf(events: readonly RunEvent[]): { readonly plan?: Plan } {
  const event = events.findLast((candidate) => candidate.kind === 'plan');
  return event === undefined ? {} : { plan: event.plan };
}

function checkpointOf(events: readonly RunEvent[]): { readonly checkpoint?: Checkpoint } {
  const event = events.findLast((candidate) => candidate.kind === 'checkpoint.taken');
  return event === undefined ? {} : { checkpoint: event.checkpoint };
}

function checksOf(events: readonly RunEvent[]): readonly Check[] {
  return events.flatMap((event) => (event.kind === 'checks' ? event.checks : []));
}
