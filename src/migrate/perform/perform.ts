import type { RunEvent } from '../event.ts';
import { fault } from '../../kit/fault.ts';
import { readStatements } from '../history/read-statements.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import type { PlanTask, Task, VerifyTask } from '../task.ts';
import { preflight, unfitHistory } from './facts.ts';
import { cancelRun } from './cancel-run.ts';
import { inspect } from './inspect.ts';
import { open, type Opened } from './open.ts';
import { verdictOf, wellDone, type Verdict } from './verdict.ts';

const mostNotices = 500;

/**
 * Performs one task next to the database: the same in this process, in a child process, in a job. Everything it has to
 * say are events, closed by `run.finished`.
 *
 * @returns the exit code
 */
export async function perform(task: Task, ports: RunnerPorts): Promise<number> {
  const started = ports.clock();
  let events = 0;
  let notices = 0;
  const emit = (event: RunEvent): void => {
    // A loop that raises a notice for each row would fill memory and log.
    if (event.kind === 'notice' && (notices += 1) > mostNotices) return;
    events += 1;
    ports.emit(event);
  };
  const counting = { ...ports, emit };
  emit({ kind: 'run.started', run: task.run, task: task.kind, tool: task.actor.tool, at: ports.now() });
  const verdict = await performTask(task, counting);
  if (notices > mostNotices) {
    events += 1;
    const text = `${notices - mostNotices} further messages of the server are not shown.`;
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
    // Loaded when needed: `status` reads the history and starts quicker without the rest.
    if (task.kind === 'apply') return await (await import('./apply-task.ts')).performApply(task, ports);
    const opened = await open(ports, task);
    if (!opened.ok) return verdictOf(...opened.findings);
    try {
      return await read(task, ports, opened.value);
    } finally {
      await opened.value.session.close();
    }
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
    ports.emit({ kind: 'notice', severity: 'DEBUG', text: stack ?? message });
    return verdictOf(fault('bug', { why: message }));
  }
}

/** The tasks that change nothing. */
async function read(task: Exclude<Task, { kind: 'apply' }>, ports: RunnerPorts, opened: Opened): Promise<Verdict> {
  switch (task.kind) {
    case 'probe':
      return verdictOf(...preflight(opened.facts, opened.history, task.environment));
    case 'inspect': {
      const wrong = unfitHistory(opened.facts, opened.history, task.environment);
      return wrong.length > 0 ? verdictOf(...wrong) : inspect(task, ports, opened);
    }
    case 'cancel': {
      const wrong = unfitHistory(opened.facts, opened.history, task.environment);
      return wrong.length > 0 ? verdictOf(...wrong) : cancelRun(task, ports, opened);
    }
    case 'plan':
      return planOnly(task, ports, opened);
    case 'verify':
      return verify(task, ports, opened);
  }
}

async function planOnly(task: PlanTask, ports: RunnerPorts, opened: Opened): Promise<Verdict> {
  const found = preflight(opened.facts, opened.history, task.environment);
  // Looking needs no right to change anything; that it is missing is said all the same.
  const rights = new Set(['no-privilege', 'database-read-only']);
  const forbidden = found.filter((finding) => !rights.has(finding.code));
  if (forbidden.length > 0) return verdictOf(...forbidden);
  for (const finding of found) ports.emit({ kind: 'finding', finding: { ...finding, severity: 'warning' } });
  const { makePlan } = await import('../plan/make-plan.ts');
  const made = await makePlan(ports.bundle, opened.history, task.selection, {
    hashing: ports.hashing,
    recorded: readStatements(opened.session),
  });
  if (!made.ok) return verdictOf(...made.findings);
  for (const finding of made.value.findings) ports.emit({ kind: 'finding', finding });
  ports.emit({ kind: 'plan', plan: made.value.plan });
  return made.value.plan.steps.length === 0 ? wellDone('nothing-to-do') : wellDone();
}

async function verify(task: VerifyTask, ports: RunnerPorts, opened: Opened): Promise<Verdict> {
  const wrong = unfitHistory(opened.facts, opened.history, task.environment);
  if (wrong.length > 0) return verdictOf(...wrong);
  return (await import('./verification.ts')).verifyApplied(task, ports, opened);
}
