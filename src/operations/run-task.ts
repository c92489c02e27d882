import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../kit/finding.ts';
import type { Outcome } from '../kit/outcome.ts';
import { executeTask, type ExecutionOptions, type Execution } from '../migrate/controller/execute-task.ts';
import type { Prepared } from '../migrate/contract/engine.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { Bundle } from '../migrate/contract/ports.ts';
import { isChange, type Task } from '../migrate/contract/task.ts';
import { pinEnvironment, repinEnvironment } from '../project/lock-file.ts';
import { executionOptions } from './execution-options.ts';
import { lookAhead } from '../project/look-ahead.ts';
import type { Project } from '../project/open.ts';
import { isOfAnother } from './other-database.ts';
import { recordedEnd } from './recorded.ts';
import { executeUndoing, undoes } from './recorded-downs.ts';
import type { Wired } from '../project/wire.ts';

/** What stands around a task: the command that asked for it, who listens, what stops it. */
export interface RunTaskOptions {
  readonly command: string;
  readonly onEvent: (event: RunEvent) => void;
  /** Hears what has been done before the runner has a word. */
  readonly onStep?: (step: string, prepared: Prepared) => void;
  readonly signal?: AbortSignal;
  /** Aborted: the run is left alone and goes on. */
  readonly leave?: AbortSignal;
  /** What a task that only looks asks, so that the same question can be answered by it later. */
  readonly question?: string;
}

/** An execution, and warnings about what should have followed it. */
export interface TaskResult {
  readonly execution: Execution;
  readonly warnings: readonly Finding[];
}

/** Has a task wanted by the project's engine; the first change of an environment pins its identity in the lock file. */
export async function runTask(
  project: Project,
  wired: Wired,
  task: Task,
  options: RunTaskOptions,
): Promise<TaskResult> {
  const known = new AbortController();
  if (task.kind === 'apply' && (await hasChanged(project, wired)))
    void wired.connecting.then(() => lookAhead(wired.bundle, known.signal));
  const settling = project.remote === undefined ? undefined : reconcileOnce(project, wired);
  const wanted: ExecutionOptions = {
    ...(await executionOptions(project, wired, task)),
    recorded: (run) => recordedEnd(project, wired, task.actor, run),
    ...options,
    onEvent: (event) => {
      // The first thing that is told once the history is read.
      if (event.kind === 'target') known.abort();
      options.onEvent(event);
    },
  };
  const execution = undoes(task) ? await undoing(project, wired, wanted) : await executeInParts(project, wanted);
  known.abort();
  if (execution.left !== true) await Promise.race([settling, sleep(settlingMs, undefined, { ref: false })]);
  if (project.remote !== undefined && execution.incomplete !== true && execution.left !== true)
    await project.remote.results.keep(execution.run, execution.events);
  const pinning = isChange(task.kind) ? await pin(project, execution) : [];
  const ledger = project.ledger.warnings?.() ?? [];
  return { execution, warnings: [...(execution.warnings ?? []), ...ledger, ...pinning] };
}

/** What the history has kept of migrations without files: asked for once for a command. */
const complete = new WeakMap<Wired, Bundle>();

async function undoing(project: Project, wired: Wired, options: ExecutionOptions): Promise<Execution> {
  const known = { ...options, bundle: complete.get(wired) ?? options.bundle };
  const { execution, bundle } = await executeUndoing(known, (one) => executeInParts(project, one));
  complete.set(wired, bundle);
  return execution;
}

/** Only a run may need a checkpoint: what only looks loads nothing of it. */
async function executeInParts(project: Project, options: ExecutionOptions): Promise<Execution> {
  if (options.task.kind !== 'apply') return await executeTask(options);
  const { executeCheckpointed } = await import('./checkpointed.ts');
  const method = async () => (await import('./checkpoint-method.ts')).checkpointerOf(project);
  const checkpointed = async (own: ExecutionOptions): Promise<Execution> => await executeCheckpointed(own, method);
  if (!options.bundle.migrations.some(({ replaces }) => replaces !== undefined)) return await checkpointed(options);
  const { executeSquashed } = await import('./squashed.ts');
  return await executeSquashed(project, options, checkpointed);
}

const settled = new WeakSet<Wired>();
/** The user does not wait longer than this, in milliseconds, for what other controllers have left. */
const settlingMs = 2_000;

/** Once for each command, while it executes: cleans up after controllers that died. */
async function reconcileOnce(project: Project, wired: Wired): Promise<void> {
  if (settled.has(wired)) return;
  settled.add(wired);
  const { reconcileLeftovers } = await import('./reconcile.ts');
  // It informs and tidies: what it cannot do is done by the next command.
  await reconcileLeftovers(project, wired.engine).catch(() => []);
}

/** Has the folder changed since the last good run of this environment, as far as this machine knows? */
async function hasChanged(project: Project, wired: Wired): Promise<boolean> {
  // Far away the bundle carries its analysis: all of it is made anyway.
  if (project.remote !== undefined) return false;
  const runs = await project.ledger.list(project.environment.name);
  return runs.find(({ exitCode }) => exitCode === 0)?.bundle !== wired.bundle.hash;
}

async function pin(project: Project, execution: Execution): Promise<readonly Finding[]> {
  const identity = execution.events.findLast((event) => event.kind === 'identity');
  if (identity === undefined || identity.environmentId === '' || isOfAnother(execution.events)) return [];
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
