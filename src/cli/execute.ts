import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { err, type Outcome } from '../kit/outcome.ts';
import type { Execution } from '../migrate/controller/execute-task.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { Task } from '../migrate/contract/task.ts';
import type { OperationResult } from '../operations/operation-result.ts';
import { execute as executeTask, type ExecuteOptions, type OperationContext } from '../operations/execute.ts';
import { withReady, type Needs, type Ready } from '../operations/ready.ts';
import { openProject, type OpenOptions, type Project } from '../project/open.ts';
import type { Context, Result } from './command.ts';
import { done, failed } from './result.ts';
import { runsIn } from './runs-in.ts';
import { uiOf } from './ui.ts';

/** What a command needs from its project. */
interface CommandNeeds extends Needs {
  /** The image in which commands are executed, in place of the configured one. */
  readonly image?: string | undefined;
}

/** Opens the project, connects what the task needs, lets `work` run, and closes everything again. */
export async function withProject(
  context: Context,
  needs: CommandNeeds,
  work: (ready: Ready) => Promise<Result>,
): Promise<Result> {
  const worked = await withReady(openingOf(context, needs.image), needs, uiOf(context), work);
  return worked.ok ? worked.value : failed(interruptedOr(context, worked.findings));
}

/** The context of an operation that a person started in a terminal. */
export function operationOf(context: Context, ready: Ready): OperationContext {
  const { command, signal } = context;
  return { ready, command, signal, ui: uiOf(context) };
}

/** Opens the project that the command's options name. */
export async function openProjectOf(
  context: Context,
  about: Pick<OpenOptions, 'embeddedAsked'> = {},
): Promise<Outcome<Project>> {
  const opened = await openProject({ ...openingOf(context), ...about });
  if (!opened.ok) return err(...interruptedOr(context, opened.findings));
  context.screen.excerptsFrom(opened.value.root);
  context.screen.knowRuns(() => runsIn(opened.value.stateDir));
  return opened;
}

/** If the command was interrupted while it opened the project, it has changed nothing. */
function interruptedOr({ signal }: Context, findings: readonly Finding[]): readonly Finding[] {
  return signal.aborted ? [fault('interrupted', { why: 'Nothing was changed.' })] : findings;
}

/** How to open the project, from the command's options. May ask a person for the name of the environment. */
function openingOf({ io, globals, screen, redactor }: Context, image?: string): OpenOptions {
  const { config, env, envFile } = globals;
  return {
    cwd: io.cwd,
    env: io.env,
    redactor,
    ...(config === undefined ? {} : { configFile: config }),
    ...(env === undefined ? {} : { environment: env }),
    ...(envFile === undefined ? {} : { envFile }),
    ...(image === undefined ? {} : { image }),
    ...(io.interactive && !screen.json
      ? {
          askName: async (host: string) =>
            await io.ask(`DATABASE_URL points to ${host}. Type a name for this environment, such as dev: `),
        }
      : {}),
  };
}

/** Executes a task. */
export async function execute(context: Context, ready: Ready, task: Task, options: ExecuteOptions): Promise<Execution> {
  return await executeTask(operationOf(context, ready), task, options);
}

/** Executes a task and shows its events as they arrive, so that only the exit code is left to report. */
export async function executeAndShow(context: Context, ready: Ready, task: Task): Promise<Result> {
  const execution = await executeWithEvents(context, ready, task, (event) => context.screen.event(event));
  return resultOfShown(context, ready, execution);
}

/** Executes a task that Ctrl-C stops, and passes all its events to `onEvent`. */
export async function executeWithEvents(
  context: Context,
  ready: Ready,
  task: Task,
  onEvent: (event: RunEvent) => void,
): Promise<Execution> {
  return await execute(context, ready, task, { onEvent });
}

/** The result of an operation whose events were shown. */
export function resultOfOperation(context: Context, ready: Ready, conclusion: OperationResult): Result {
  switch (conclusion.kind) {
    case 'refused':
      return failed(conclusion.findings);
    case 'nothing':
      return { exitCode: 0, outcome: 'nothing-to-do', findings: [], data: {} };
    case 'detached':
      return resultDetached(context, ready, conclusion.run);
    case 'ended':
      return resultOfShown(context, ready, conclusion.execution);
  }
}

function resultDetached({ screen }: Context, { project }: Ready, run: string): Result {
  const line = `${screen.style.green('✔')} Run ${run} continues on its own.`;
  screen.say('', line, ...leftAlone(project.environment.name, run));
  return done({ run });
}

/** The result of an execution whose events were shown, or that continues without this program. */
export function resultOfShown({ screen }: Context, { project }: Ready, execution: Execution): Result {
  if (execution.left !== true) return resultOf(execution);
  if (execution.findings.length > 0) return failed(execution.findings, { run: execution.run });
  screen.settle();
  screen.say(...leftAlone(project.environment.name, execution.run));
  return { exitCode: 130, outcome: 'interrupted', findings: [] };
}

/** The commands for a run that continues without this program. */
export function leftAlone(environment: string, run: string): readonly string[] {
  const name = environment === 'local' ? '' : ` -e ${environment}`;
  return [
    `  godwit runs attach${name} ${run}   follow it`,
    `  godwit runs cancel${name} ${run}   stop it at the next safe point`,
  ];
}

/** The result of an execution whose events were shown. If it never started, its findings are still to be shown. */
export function resultOf(execution: Execution): Result {
  if (execution.events.length === 0) return failed(execution.findings, { run: execution.run });
  return { exitCode: execution.exitCode, outcome: execution.outcome, findings: [] };
}

/** Executes a task without showing its events, for commands with one JSON document. */
export async function executeQuietly(context: Context, ready: Ready, task: Task): Promise<Execution> {
  return await execute(context, ready, task, {});
}
