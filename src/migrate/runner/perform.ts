import type { RunEvent } from '../contract/event.ts';
import { fault, FaultError } from '../../kit/fault.ts';
import type { RunnerPorts } from '../contract/runner-ports.ts';
import type { Task } from '../contract/task.ts';
import { performReading } from './inspect/perform-reading.ts';
import { verdictOf, type Verdict } from '../contract/verdict.ts';

const mostNotices = 500;

/**
 * Performs one task next to the database: the same in this process, in a child process, in a job. It reports only
 * events, closed by `run.finished`.
 *
 * @returns the exit code
 */
export async function perform(task: Task, ports: RunnerPorts): Promise<number> {
  const started = ports.clock();
  let events = 0;
  let notices = 0;
  const emit = (event: RunEvent): void => {
    // A loop that raises a notice for each row would fill memory and the log.
    if (event.kind === 'notice' && (notices += 1) > mostNotices) return;
    events += 1;
    ports.emit(event);
  };
  const counting = { ...ports, emit };
  emit({ kind: 'run.started', run: task.run, task: task.kind, tool: task.actor.tool, at: ports.now() });
  const verdict = await performTask(task, counting);
  if (notices > mostNotices) {
    events += 1;
    const text = `${notices - mostNotices} further server messages are not shown.`;
    ports.emit({ kind: 'notice', severity: 'WARNING', text });
  }
  for (const finding of verdict.findings) emit({ kind: 'finding', finding });
  const { outcome, exitCode } = verdict;
  ports.emit({
    kind: 'run.finished',
    run: task.run,
    outcome,
    exitCode,
    events: events + 1,
    ms: ports.clock() - started,
  });
  return exitCode;
}

async function performTask(task: Task, ports: RunnerPorts): Promise<Verdict> {
  try {
    // Loaded on demand: `status` only reads the history and starts faster without the rest.
    if (task.kind === 'apply') return await (await import('./run/perform-apply.ts')).performApply(task, ports);
    if (task.kind === 'accept') return await (await import('./verify/perform-accept.ts')).performAccept(task, ports);
    if (task.kind === 'identify')
      return await (await import('./identity/perform-identify.ts')).performIdentify(task, ports);
    if (task.kind === 'prune') return await (await import('./prune/perform-prune.ts')).performPrune(task, ports);
    if (task.kind === 'exec') return await (await import('./exec/perform-exec.ts')).performExec(task, ports);
    return await performReading(task, ports);
  } catch (error) {
    // A file was saved before anything was started.
    if (error instanceof FaultError) return verdictOf(...error.findings);
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
    ports.emit({ kind: 'notice', severity: 'DEBUG', text: stack ?? message });
    return verdictOf(fault('bug', { why: message }));
  }
}
