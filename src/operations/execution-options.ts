import type { ExecutionOptions } from '../migrate/controller/execute-task.ts';
import { isChange, type Task } from '../migrate/contract/task.ts';
import type { Project } from '../project/open.ts';
import { createRunId } from '../project/run-id.ts';
import type { Wired } from '../project/wire.ts';

/** Tasks that need no migrations. */
const looksOnly: ReadonlySet<string> = new Set(['inspect', 'cancel', 'probe', 'exec', 'accept', 'identify', 'prune']);

/** The options from project and wiring. Remote executions are always recorded, because their lines can get lost. */
export async function executionOptions(
  project: Project,
  wired: Wired,
  task: Task,
): Promise<Omit<ExecutionOptions, 'onEvent' | 'command'>> {
  const common = {
    task,
    engine: wired.engine,
    bundle: wired.bundle,
    ledger: project.ledger,
    target: wired.place,
    now: () => new Date().toISOString(),
  };
  if (project.remote === undefined) return common;
  const { thisController } = await import('../project/remote.ts');
  return {
    ...common,
    ...(looksOnly.has(task.kind) && wired.noMigrations !== undefined ? { bundle: wired.noMigrations } : {}),
    keeps: 'all',
    controller: thisController(),
    ...(isChange(task.kind) ? {} : { again: () => ({ ...task, run: createRunId(Date.now()) }) }),
  };
}
