import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Actor } from '../migrate/contract/task.ts';
import { executeTask } from '../migrate/controller/execute-task.ts';
import { wire, type Wired } from '../project/wire.ts';
import type { Project } from '../project/open.ts';
import { executionOptions } from './execution-options.ts';
import { cancelTask } from './tasks.ts';

/** Asks the database to stop a run, wherever its runner is. In a remote environment this takes an execution. */
export async function stopByDatabase(
  project: Project,
  wired: Wired,
  actor: Actor,
  run: string,
): Promise<Outcome<void>> {
  const { findings, exitCode } = await executeTask({
    ...(await executionOptions(project, wired, cancelTask(project, actor, run))),
    command: 'runs cancel',
    onEvent: () => {},
  });
  return exitCode === 0 ? ok(undefined) : err(...findings);
}

/** The same for a project that is not connected. */
export async function stopByDatabaseOf(project: Project, actor: Actor, run: string): Promise<Outcome<void>> {
  const wired = await wire(project, { migrations: false, detached: false });
  if (!wired.ok) return wired;
  try {
    return await stopByDatabase(project, wired.value, actor, run);
  } finally {
    await wired.value.close();
  }
}
