import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { ok, type Outcome } from '../kit/outcome.ts';
import type { Execution } from '../migrate/controller/execute-task.ts';
import type { RunEvent, RunFinished } from '../migrate/contract/event.ts';
import type { ApplyTask } from '../migrate/contract/task.ts';
import type { Hook } from '../project/environment.ts';
import { hooksPassed } from '../project/promotion.ts';
import { execTask } from '../project/tasks.ts';
import { wire } from '../project/wire.ts';
import type { Context, Result } from './command.ts';
import { executeConfirmed } from './confirmed.ts';
import { executeHeard, openProjectOf, resultAloud, type Ready } from './execute.ts';

/** What is told of a hook: it has no beginning and no end of its own, the command it follows has. */
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
 * `up` with what follows it: after a good run, each hook of the environment, in order, until one fails. The run ends with
 * its last hook: its closing event is told then.
 */
export async function upWithHooks(context: Context, ready: Ready, task: ApplyTask): Promise<Result> {
  const { screen } = context;
  let closing: RunFinished | undefined;
  let count = 0;
  const tell = (event: RunEvent): void => {
    count += 1;
    screen.event(event);
  };
  const execution = await executeConfirmed(context, ready, task, (event) => {
    if (event.kind === 'run.finished') closing = event;
    else tell(event);
  });
  if (closing === undefined) return resultAloud(context, ready, execution);
  const began = performance.now();
  const finding = execution.exitCode === 0 ? await executeHooks(context, ready, { up: execution, tell }) : undefined;
  if (finding !== undefined) tell({ kind: 'finding', finding });
  const verdict =
    finding === undefined
      ? {}
      : finding.code === 'interrupted'
        ? ({ outcome: 'interrupted', exitCode: 130 } as const)
        : ({ outcome: 'verification-failed', exitCode: 50 } as const);
  const finished = { ...closing, ...verdict, events: count + 1, ms: closing.ms + performance.now() - began };
  screen.event(finished);
  return { exitCode: finished.exitCode, outcome: finished.outcome, findings: [] };
}

interface AfterUp {
  readonly up: Execution;
  readonly tell: (event: RunEvent) => void;
}

/** What is wrong, or undefined: all of them have passed. */
async function executeHooks(context: Context, ready: Ready, { up, tell }: AfterUp): Promise<Finding | undefined> {
  const { screen, signal } = context;
  const passed = hooksPassed(up.events, (text) => context.redactor.redact(text));
  for (const hook of ready.project.environment.hooks) {
    if (signal.aborted)
      return fault('interrupted', { why: 'All migrations are applied; not all hooks were executed.' });
    if (passed(hook)) {
      sayPassed(context, hook);
      continue;
    }
    const there = await placeOf(context, ready, hook);
    if (!there.ok) return failed(hook, there.findings);
    try {
      const task = await execTask(ready.project, ready.actor, {
        words: hook.command,
        approved: true,
        hook: { name: hook.name, follows: up.run, unlessPassed: true },
        ...(hook.timeoutMs === undefined ? {} : { timeoutMs: hook.timeoutMs }),
      });
      const commanded = { ...context, command: 'exec' };
      const execution = await executeHeard(commanded, there.value.ready, task, (event) => {
        if (reported.has(event.kind)) tell(event);
      });
      if (execution.outcome === 'nothing-to-do') sayPassed(context, hook);
      if (execution.exitCode === 130)
        return fault('interrupted', { why: 'All migrations are applied; a hook was stopped.' });
      if (execution.exitCode !== 0) return failed(hook, execution.findings, execution.run);
    } finally {
      screen.settle();
      await there.value.close();
    }
  }
  return undefined;
}

interface HookPlace {
  readonly ready: Ready;
  close(): Promise<void>;
}

/** Where a hook is executed: where the run was, or in an image of its own. */
async function placeOf(context: Context, ready: Ready, { image }: Hook): Promise<Outcome<HookPlace>> {
  if (image === undefined) return ok({ ready, close: () => Promise.resolve() });
  const opened = await openProjectOf(context, image);
  if (!opened.ok) return opened;
  const wired = await wire(opened.value, {
    migrations: false,
    detached: false,
    onProgress: (text) => context.screen.live(text),
  });
  if (!wired.ok) return wired;
  return ok({
    ready: { ...ready, project: opened.value, wired: wired.value },
    close: async () => await wired.value.close(),
  });
}

function sayPassed({ screen }: Context, hook: Hook): void {
  screen.say(screen.style.dim(`  Hook ${hook.name} has already passed with these migrations.`));
}

function failed(hook: Hook, findings: readonly Finding[], run = ''): Finding {
  const why = findings.find(({ severity }) => severity === 'error')?.why ?? 'The hook did not succeed.';
  const which = run === '' ? '' : ` (run ${run})`;
  return fault('hook-failed', { why: `Hook \`${hook.name}\`${which}: ${why}` });
}
