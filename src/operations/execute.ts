import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { Task } from '../migrate/contract/task.ts';
import type { Execution } from '../migrate/controller/execute-task.ts';
import { runTask } from './run-task.ts';
import type { Ready } from './ready.ts';
import type { Ui } from './ui.ts';

/** The context of an operation: its project, its command, the signal that stops it, its user interface. */
export interface OperationContext {
  readonly ready: Ready;
  /** The name of the operation in the history and the ledger. */
  readonly command: string;
  readonly signal: AbortSignal;
  readonly ui: Ui;
}

/** How the task is executed. */
export interface ExecuteOptions {
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
  /** The question that a read-only task answers, by its name in the ledger. */
  readonly question?: string | undefined;
}

/** Has a task executed. */
export async function execute(
  operation: OperationContext,
  task: Task,
  options: ExecuteOptions = {},
): Promise<Execution> {
  const { ready, command, signal, ui } = operation;
  const { project, wired } = ready;
  const attendance = ui.attend?.(project, task);
  // Without a receiver of its own, a task still reports what it waits for: a lock of another session, the network.
  const receive = options.onEvent ?? reportWaits(ui);
  const onEvent = (event: RunEvent): void => {
    attendance?.onEvent?.(event);
    receive(event);
  };
  const { leave, onStep } = attendance ?? {};
  const more = { ...(leave === undefined ? {} : { leave }), ...(onStep === undefined ? {} : { onStep }) };
  const { question } = options;
  try {
    const result = await runTask(project, wired, task, {
      command,
      signal,
      onEvent,
      ...more,
      ...(question === undefined ? {} : { question }),
    });
    if (project.remote !== undefined) ui.onNote({ kind: 'settled' });
    for (const finding of result.warnings) ui.onFinding(finding);
    return result.execution;
  } finally {
    attendance?.end();
  }
}

function reportWaits(ui: Ui): (event: RunEvent) => void {
  return (event) => {
    if (event.kind === 'lock.blocked' || event.kind === 'connecting') ui.onWait?.(event);
  };
}

/** The last event of one kind, which the execution must have sent; else the findings that explain why it did not. */
export function eventOf<Kind extends RunEvent['kind']>(
  execution: Execution,
  kind: Kind,
): Outcome<Extract<RunEvent, { readonly kind: Kind }>> {
  const event = execution.events.findLast((candidate) => candidate.kind === kind);
  if (event !== undefined) return ok(event as Extract<RunEvent, { readonly kind: Kind }>);
  return err(
    ...(execution.findings.length > 0 ? execution.findings : [fault('bug', { why: `The runner sent no ${kind}.` })]),
  );
}
