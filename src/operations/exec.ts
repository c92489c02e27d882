import { execTask, type ExecRequest } from './tasks.ts';
import { refused, type OperationResult } from './operation-result.ts';
import { consentToCommand } from './consent.ts';
import { detach } from './detach.ts';
import { execute, type OperationContext } from './execute.ts';

/** Has a command of the user executed next to the database. */
export async function exec(
  operation: OperationContext,
  request: ExecRequest,
  detached = false,
): Promise<OperationResult> {
  const { ready, ui } = operation;
  const consented = await consentToCommand(operation, request);
  if (!consented.ok) return refused(consented.findings);
  const task = await execTask(ready.project, ready.actor, consented.value);
  if (detached) return await detach(operation, task);
  return { kind: 'ended', execution: await execute(operation, task, { onEvent: (event) => ui.onEvent(event) }) };
}
