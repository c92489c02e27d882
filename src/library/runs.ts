import type { OptionNames } from '../kit/known-options.ts';
import { unknownOptions } from '../kit/known-options.ts';
import type { RunRow, StatementRow } from '../migrate/contract/history-rows.ts';
import type { Change } from '../migrate/contract/model.ts';
import { attachRun } from '../operations/attach-run.ts';
import { cancelByDatabase, cancelByRunner } from '../operations/cancel-run.ts';
import { execute } from '../operations/execute.ts';
import { runsQuery } from '../operations/look-up.ts';
import type { Ui } from '../operations/ui.ts';
import { attemptsOf, mergeRuns, rowOf } from '../operations/attempts.ts';
import { openProject } from '../project/open.ts';
import { inspectTask, ofAnyDatabase } from '../operations/tasks.ts';
import {
  call,
  delivered,
  effectsOf,
  endingOf,
  endingOfOperation,
  openingOf,
  projectOptionNames,
  refusal,
  type Ending,
  type ProjectOptions,
} from './call.ts';

/** The project, and how many runs to list. */
export interface RunsListOptions extends ProjectOptions {
  /** How many runs; default: 20. */
  readonly limit?: number | undefined;
}

/** The newest runs. */
export interface RunsListed extends Ending {
  /** Newest first, with attempts that never reached the database. */
  readonly runs: readonly RunRow[];
}

const listOptions: OptionNames<RunsListOptions> = { ...projectOptionNames, limit: true };

async function list(options: RunsListOptions = {}): Promise<RunsListed> {
  const about = { name: 'runs.list', options, known: listOptions, nothing: { runs: [] } };
  return await call<RunsListed>(about, { migrations: false }, async ({ operation, findings }) => {
    const { project, actor } = operation.ready;
    const { limit = 20 } = options;
    const attempts = await attemptsOf(project);
    const { task } = runsQuery(project, actor, limit);
    const execution = await execute(operation, task, { onEvent: (event) => operation.ui.onEvent(event) });
    const rows = execution.events.findLast((event) => event.kind === 'runs')?.runs ?? [];
    return { ...endingOf(execution, findings), runs: mergeRuns(rows, attempts, limit) };
  });
}

/** The project, and the run. */
export interface RunOptions extends ProjectOptions {
  /** Id of the run, or its first characters. */
  readonly run: string;
}

/** What one run did. */
export interface RunShown extends Ending {
  /** Absent if neither the history nor the ledger knows the run. */
  readonly run?: RunRow;
  readonly statements: readonly StatementRow[];
  readonly changes: readonly Change[];
}

const runOptions: OptionNames<RunOptions> = { ...projectOptionNames, run: true };

async function show(options: RunOptions): Promise<RunShown> {
  const nothing = { statements: [], changes: [] };
  const about = { name: 'runs.show', options, known: runOptions, nothing };
  return await call<RunShown>(about, { migrations: false }, async ({ operation, findings }) => {
    const { project, actor } = operation.ready;
    const subject = options.run.toUpperCase();
    const [attempt] = (await attemptsOf(project)).filter(({ run }) => run.startsWith(subject));
    const task = ofAnyDatabase(inspectTask(project, actor, { what: 'run', subject }));
    const execution = await execute(operation, task, { onEvent: (event) => operation.ui.onEvent(event) });
    const [known] = execution.events.findLast((event) => event.kind === 'runs')?.runs ?? [];
    const run = known ?? (attempt === undefined ? undefined : rowOf(attempt));
    if (run === undefined) return { ...endingOf(execution, findings), ...nothing };
    const statements = execution.events.findLast((event) => event.kind === 'run.details')?.statements ?? [];
    const ending = known === undefined ? ({ outcome: 'done', exitCode: 0, findings } as const) : undefined;
    return {
      ...(ending ?? endingOf(execution, findings)),
      run,
      statements: statements.filter((row) => row.run === run.run),
      changes: effectsOf(execution.events).changes,
    };
  });
}

/** A run that was followed to its end, or until the caller left it. */
export interface RunAttached extends Ending {
  readonly run: string;
  /** True: `signal` was aborted, and the run continues. */
  readonly left: boolean;
}

async function attach(options: RunOptions): Promise<RunAttached> {
  const nothing = { run: '', left: false };
  const wrong = unknownOptions('runs.attach', options, runOptions);
  const project = wrong.length > 0 ? { ok: false as const, findings: wrong } : await openProject(openingOf(options));
  if (!project.ok) return delivered({ ...refusal(project.findings), ...nothing }, options);
  const leave = options.signal ?? new AbortController().signal;
  const ui = uiOf(options);
  const conclusion = await attachRun({ project: project.value, named: options.run, leave, ui });
  if (conclusion.kind === 'detached')
    return delivered({ outcome: 'interrupted', exitCode: 130, findings: [], run: conclusion.run, left: true }, options);
  const { outcome, exitCode, findings, run } = endingOfOperation(conclusion, project.value.findings);
  return delivered({ outcome, exitCode, findings, run, left: false }, options);
}

/** A run that was asked to stop. */
export interface RunCancelled extends Ending {
  readonly run: string;
  /** How the run had already ended; absent: the run was asked to stop at its next safe point. */
  readonly ended?: string;
}

async function cancel(options: RunOptions): Promise<RunCancelled> {
  const wrong = unknownOptions('runs.cancel', options, runOptions);
  const project = wrong.length > 0 ? { ok: false as const, findings: wrong } : await openProject(openingOf(options));
  if (!project.ok) return delivered({ ...refusal(project.findings), run: '' }, options);
  const { run, cancelled } = await cancelByRunner(uiOf(options), project.value, options.run);
  if (cancelled !== undefined) return delivered(cancelledBy(cancelled), options);
  const about = { name: 'runs.cancel', options, known: runOptions, nothing: { run } };
  return await call<RunCancelled>(about, { migrations: false }, async ({ operation }) => {
    const there = await cancelByDatabase(operation, run);
    return there.ok ? cancelledBy(there.value) : { ...refusal(there.findings), run };
  });
}

function cancelledBy({ run, outcome }: { readonly run: string; readonly outcome?: string }): RunCancelled {
  const ended = outcome === undefined || outcome === 'running' ? {} : { ended: outcome };
  return { outcome: 'done', exitCode: 0, findings: [], run, ...ended };
}

function uiOf(options: ProjectOptions): Ui {
  return { onEvent: (event) => options.onEvent?.(event), onFinding: () => {}, onNote: () => {} };
}

/**
 * The runs of an environment, as `godwit runs` shows them.
 *
 * - `runs.list(options)` lists the newest runs, and attempts that never reached the database.
 * - `runs.show(options)` shows one run with its statements and what it changed.
 * - `runs.attach(options)` follows a run that was detached, or started on another machine, to its end. When `signal` is
 *   aborted, the call returns and the run continues.
 * - `runs.cancel(options)` asks a run to stop at its next safe point, from any machine.
 *
 * Each of them takes {@link ProjectOptions}; `list` takes `limit`, the others `run`, an id or its first characters.
 * They throw `GodwitError` only with `throwOnFailure`; expected failures are findings.
 *
 * @example
 * const { runs: newest } = await runs.list({ cwd: projectFolder });
 * // newest.map(({ command }) => command): ['exec', 'down', 'adopt', 'up']
 * const shown = await runs.show({ cwd: projectFolder, run: newest.at(-1)?.run ?? '' });
 * // shown.run?.applied: 2
 */
export const runs = { list, show, attach, cancel };
