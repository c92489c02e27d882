import { maskCredentials } from '../kit/credential-shapes.ts';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import type { Outcome } from '../kit/outcome.ts';
import type { RunEvent, RunFinished } from '../migrate/contract/event.ts';
import type { ApplyTask } from '../migrate/contract/task.ts';
import type { Execution } from '../migrate/controller/execute-task.ts';
import type { Hook } from '../project/environment.ts';
import { hooksPassed } from './promotion.ts';
import { execTask } from './tasks.ts';
import { execute, type OperationContext } from './execute.ts';
import { executeConfirmed } from './execute-confirmed.ts';
import { withReady, type Ready } from './ready.ts';

/** The events of a hook that are reported: start and end are those of the run that it follows. */
const reported: ReadonlySet<RunEvent['kind']> = new Set([
  'connecting',
  'waiting',
  'finding',
  'notice',
  'exec.started',
  'output',
  'output.dropped',
  'exec.finished',
]);

/**
 * Executes `up` and, after a successful run, each hook of the environment, in order, until one fails. The run ends with
 * its last hook: its closing event is reported then.
 */
export async function upWithHooks(operation: OperationContext, task: ApplyTask): Promise<Execution> {
  const { ui } = operation;
  let closing: RunFinished | undefined;
  let count = 0;
  const following: RunEvent[] = [];
  const emit = (event: RunEvent): void => {
    count += 1;
    ui.onEvent(event);
  };
  const execution = await executeConfirmed(operation, task, (event) => {
    if (event.kind === 'run.finished') closing = event;
    else emit(event);
  });
  if (closing === undefined) return execution;
  const follow = (event: RunEvent): void => {
    following.push(event);
    emit(event);
  };
  const began = performance.now();
  const finding = execution.exitCode === 0 ? await executeHooks(operation, { up: execution, emit: follow }) : undefined;
  if (finding !== undefined) follow({ kind: 'finding', finding });
  const verdict = verdictOf(finding);
  const finished = { ...closing, ...verdict, events: count + 1, ms: closing.ms + performance.now() - began };
  ui.onEvent(finished);
  const events = execution.events.filter(({ kind }) => kind !== 'run.finished');
  return {
    ...execution,
    ...verdict,
    findings: [...execution.findings, ...following.flatMap((one) => (one.kind === 'finding' ? [one.finding] : []))],
    events: [...events, ...following, finished],
  };
}

function verdictOf(finding: Finding | undefined): Partial<Pick<Execution, 'outcome' | 'exitCode'>> {
  if (finding === undefined) return {};
  return finding.code === 'interrupted'
    ? { outcome: 'interrupted', exitCode: 130 }
    : { outcome: 'verification-failed', exitCode: 50 };
}

interface AfterUp {
  readonly up: Execution;
  readonly emit: (event: RunEvent) => void;
}

/** Executes the hooks; returns what went wrong, or undefined if all have passed. */
async function executeHooks(operation: OperationContext, after: AfterUp): Promise<Finding | undefined> {
  const { ready, signal, ui } = operation;
  const { redactor, environment } = ready.project;
  const passed = hooksPassed(after.up.events, (text) => maskCredentials(redactor.redact(text)));
  for (const hook of environment.hooks) {
    if (signal.aborted)
      return fault('interrupted', { why: 'All migrations are applied; not all hooks were executed.' });
    if (passed(hook)) {
      ui.onNote({ kind: 'hook-passed', hook: hook.name });
      continue;
    }
    const executed = await inPlaceOf(
      operation,
      hook,
      async (there) => await executeHook(operation, there, { hook, after }),
    );
    ui.onNote({ kind: 'settled' });
    if (!executed.ok) return failed(hook, executed.findings);
    const { outcome, exitCode, findings, run } = executed.value;
    if (outcome === 'nothing-to-do') ui.onNote({ kind: 'hook-passed', hook: hook.name });
    if (exitCode === 130) return fault('interrupted', { why: 'All migrations are applied; a hook was stopped.' });
    if (exitCode !== 0) return failed(hook, findings, run);
  }
  return undefined;
}

async function executeHook(
  operation: OperationContext,
  there: Ready,
  { hook, after }: { readonly hook: Hook; readonly after: AfterUp },
): Promise<Execution> {
  const { ready } = operation;
  const { name, command: words, timeoutMs } = hook;
  const task = await execTask(ready.project, ready.actor, {
    words,
    approved: true,
    hook: { name, follows: after.up.run, unlessPassed: true },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  return await execute({ ...operation, ready: there, command: 'exec' }, task, {
    onEvent(event) {
      if (reported.has(event.kind)) after.emit(event);
    },
  });
}

/** Has a hook executed where the run was, or in an image of its own. */
async function inPlaceOf(
  { ready, ui }: OperationContext,
  { image }: Hook,
  work: (there: Ready) => Promise<Execution>,
): Promise<Outcome<Execution>> {
  if (image === undefined) return { ok: true, value: await work(ready) };
  const quiet = { ...ui, onFinding: () => {}, onNote: () => {} };
  const there = { ...ready.opening, environment: ready.project.environment.name, image };
  return await withReady(there, { migrations: false }, quiet, async ({ project, wired }) => {
    return await work({ ...ready, project, wired });
  });
}

function failed(hook: Hook, findings: readonly Finding[], run = ''): Finding {
  const why = findings.find(({ severity }) => severity === 'error')?.why ?? 'The hook did not succeed.';
  const which = run === '' ? '' : ` (run ${run})`;
  return fault('hook-failed', { why: `Hook \`${hook.name}\`${which}: ${why}` });
}
