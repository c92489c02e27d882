import { beginAttempt } from '../migrate/controller/execute-task.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { ApplyTask, Task } from '../migrate/contract/task.ts';
import { checkpointerOf } from '../project/checkpoint-method.ts';
import { checkpointBeforehand } from '../project/checkpointed.ts';
import { deploymentOf } from '../project/deployment.ts';
import type { Context, Result } from './command.ts';
import { leftAlone, type Ready } from './execute.ts';
import { done, failed } from './result.ts';

/** Starts a run where it can go on by itself and leaves it: the ledger knows it, `runs attach` shows it. */
export async function detach(context: Context, ready: Ready, wanted: ApplyTask): Promise<Result> {
  const { screen, command, signal } = context;
  const { project, wired } = ready;
  const looking = { ...(await deploymentOf(project, wired, wanted)), command, signal };
  const onEvent = (event: RunEvent): void => screen.event(event);
  const beforehand = await checkpointBeforehand({ ...looking, onEvent }, wanted, () => checkpointerOf(project));
  if (!beforehand.ok) return failed(beforehand.findings);
  return await detachTask(context, ready, beforehand.value);
}

/** The same for a task that needs nothing beforehand. */
export async function detachTask(context: Context, ready: Ready, task: Task): Promise<Result> {
  const { screen, command, signal } = context;
  const { project, wired } = ready;
  // Nobody waits for its end: it is no sign of a crash that this process is gone.
  const { controller: _, ...deployment } = await deploymentOf(project, wired, task);
  const started = await beginAttempt({ ...deployment, command, signal });
  if (!started.ok) return failed(started.findings);
  const { run } = started.value.ref;
  screen.settle();
  screen.say(
    '',
    `${screen.style.green('✔')} Run ${run} continues on its own.`,
    ...leftAlone(task.environment.name, run),
  );
  return done({ run });
}
