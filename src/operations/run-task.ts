import type { Finding } from '../kit/finding.ts';
import type { Outcome } from '../kit/outcome.ts';
import { executeTask, type ExecutionOptions, type Execution } from '../migrate/controller/execute-task.ts';
import type { Prepared } from '../migrate/contract/engine.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { Bundle } from '../migrate/contract/ports.ts';
import { isChange, type Task } from '../migrate/contract/task.ts';
import { pinEnvironment, repinEnvironment } from '../project/lock-file.ts';
import { findingsInContext } from './findings-in-context.ts';
import { executionOptions } from './execution-options.ts';
import { lookAhead } from '../project/look-ahead.ts';
import type { Project } from '../project/open.ts';
import { isOfAnother } from './other-database.ts';
import { recordedEnd } from './recorded.ts';
import { executeUndoing, undoes } from './recorded-downs.ts';
import { settleLeftovers, waitBriefly } from './settle.ts';
import { stopByDatabase } from './stop-by-database.ts';
import type { Wired } from '../project/wire.ts';

/** The context of a task: the command that asked for it, the receiver of its events, the signal that stops it. */
export interface RunTaskOptions {
  readonly command: string;
  readonly onEvent: (event: RunEvent) => void;
  /** Receives the preparation steps that are done before the runner reports anything. */
  readonly onStep?: (step: string, prepared: Prepared) => void;
  readonly signal?: AbortSignal;
  /** Aborted: the run is left alone and continues. */
  readonly leave?: AbortSignal;
  /** The question that a read-only task answers, so that its result can answer the same question later. */
  readonly question?: string;
}

/** An execution, and warnings about failed follow-up work. */
export interface TaskResult {
  readonly execution: Execution;
  readonly warnings: readonly Finding[];
}

/** Has the project's engine execute a task. The first change of an environment pins its identity in the lock file. */
export async function runTask(
  project: Project,
  wired: Wired,
  task: Task,
  options: RunTaskOptions,
): Promise<TaskResult> {
  const known = new AbortController();
  const context = findingsInContext(project, task);
  if (task.kind === 'apply' && wired.analysed !== true && (await hasChanged(project, wired)))
    void wired.connecting.then(() => lookAhead(wired.bundle, known.signal));
  const settling = settleLeftovers(project, wired);
  const wanted: ExecutionOptions = {
    ...(await executionOptions(project, wired, task)),
    recorded: (run) => recordedEnd(project, wired, task.actor, run),
    ...(project.remote === undefined || !isChange(task.kind)
      ? {}
      : { stopByDatabase: (run: string) => stopByDatabase(project, wired, task.actor, run) }),
    ...options,
    onEvent: (event) => {
      // The first event after the history was read.
      if (event.kind === 'target') known.abort();
      options.onEvent(context.event(event));
    },
  };
  const ended = undoes(task) ? await undoing(project, wired, wanted) : await executeInParts(project, wanted);
  const execution = context.execution(ended);
  known.abort();
  if (execution.left !== true) await waitBriefly(settling);
  if (project.remote !== undefined && execution.incomplete !== true && execution.left !== true)
    await project.remote.results.keep(execution.run, execution.events);
  const pinning = isChange(task.kind) ? await pin(project, execution) : [];
  const ledger = (project.ledger.warnings?.() ?? []).filter((warning) => !isTold(warning, ended));
  const warnings = [...(execution.warnings ?? []), ...ledger, ...pinning];
  return { execution, warnings: warnings.map(context.finding) };
}

/** The ledger and the run have failed for the same reason, which is told once. */
function isTold(warning: Finding, { findings }: Execution): boolean {
  return findings.some(({ why, fix }) => warning.fix === fix && warning.why.endsWith(why));
}

/** Bundles with the recorded down files of migrations without files, which each command fetches once. */
const complete = new WeakMap<Wired, Bundle>();

async function undoing(project: Project, wired: Wired, options: ExecutionOptions): Promise<Execution> {
  const known = { ...options, bundle: complete.get(wired) ?? options.bundle };
  const { execution, bundle } = await executeUndoing(known, (one) => executeInParts(project, one));
  complete.set(wired, bundle);
  return execution;
}

/** Only an apply task may need a checkpoint: other tasks do not load that code. */
async function executeInParts(project: Project, options: ExecutionOptions): Promise<Execution> {
  if (options.task.kind !== 'apply') return await executeTask(options);
  const { executeCheckpointed } = await import('./checkpointed.ts');
  const method = async () => (await import('./checkpoint-method.ts')).checkpointerOf(project);
  const checkpointed = async (own: ExecutionOptions): Promise<Execution> => await executeCheckpointed(own, method);
  if (!options.bundle.migrations.some(({ replaces }) => replaces !== undefined)) return await checkpointed(options);
  const { executeSquashed } = await import('./squashed.ts');
  return await executeSquashed(project, options, checkpointed);
}

/** Says whether the folder has changed since the last successful run of this environment that this machine knows. */
async function hasChanged(project: Project, wired: Wired): Promise<boolean> {
  // For a remote engine the bundle contains its analysis, so all of it is analysed anyway.
  if (project.remote !== undefined) return false;
  const runs = await project.ledger.list(project.environment.name);
  return runs.find(({ exitCode }) => exitCode === 0)?.bundle !== wired.bundle.hash;
}

async function pin(project: Project, execution: Execution): Promise<readonly Finding[]> {
  const identity = execution.events.findLast((event) => event.kind === 'identity');
  if (identity === undefined || identity.environmentId === '' || isOfAnother(execution.events)) return [];
  // The environment's entry is about its own database.
  if (project.member !== undefined) return [];
  const { environmentId: id, systemId, databaseOid } = identity;
  const found = { id, systemId, databaseOid };
  const { name, database, copiedFrom } = project.environment;
  // Every colleague has a database `local` of their own: pinning it in a committed file would refuse all but one.
  const isPinned = database.kind !== 'embedded' && name !== 'local' && copiedFrom === undefined;
  const settled = execution.events.findLast((event) => event.kind === 'identity.settled');
  if (settled?.done === true && (isPinned || project.pinned !== undefined)) {
    const former = settled.before.environment;
    const isGone = former !== name && !project.others.some((other) => other.name === former);
    const repinned = await repinEnvironment(project.root, name, { pin: found, ...(isGone ? { former } : {}) });
    const fix =
      'The database’s identity is settled. Run the same command where the project is writable, and commit the file.';
    return asWarnings(repinned).map((finding) => ({ ...finding, fix }));
  }
  if (!isPinned || project.pinned !== undefined) return [];
  return asWarnings(await pinEnvironment(project.root, name, found));
}

function asWarnings(written: Outcome<void>): readonly Finding[] {
  return written.ok ? [] : written.findings.map((finding) => ({ ...finding, severity: 'warning' as const }));
}
