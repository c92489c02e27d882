import { ok, type Outcome } from '../kit/outcome.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { ApplyTask, Task } from '../migrate/contract/task.ts';
import { beginAttempt } from '../migrate/controller/execute-task.ts';
import { checkpointerOf } from './checkpoint-method.ts';
import { checkpointBeforehand } from './checkpointed.ts';
import { executionOptions } from './execution-options.ts';
import { refused, type OperationResult } from './operation-result.ts';
import type { OperationContext } from './execute.ts';

/** Starts a run and leaves it to continue on its own. It is in the ledger, and `runs attach` shows it. */
export async function detach(operation: OperationContext, task: Task): Promise<OperationResult> {
  const { ready, command, signal } = operation;
  const { project, wired } = ready;
  const beforehand = task.kind === 'apply' ? await withCheckpoint(operation, task) : ok(task);
  if (!beforehand.ok) return refused(beforehand.findings);
  // No process waits for the end of the run, so the end of this one must not count as a crash.
  const { controller: _, ...options } = await executionOptions(project, wired, beforehand.value);
  const started = await beginAttempt({ ...options, command, signal });
  if (!started.ok) return refused(started.findings);
  operation.ui.onNote({ kind: 'settled' });
  return { kind: 'detached', run: started.value.ref.run };
}

async function withCheckpoint(operation: OperationContext, task: ApplyTask): Promise<Outcome<ApplyTask>> {
  const { ready, command, signal, ui } = operation;
  const options = { ...(await executionOptions(ready.project, ready.wired, task)), command, signal };
  const onEvent = (event: RunEvent): void => ui.onEvent(event);
  return await checkpointBeforehand({ ...options, onEvent }, task, () => checkpointerOf(ready.project));
}
