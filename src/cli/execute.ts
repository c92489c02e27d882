import { resolveActor, identifyActor } from '../adapters/actor.ts';
import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Execution } from '../migrate/controller/execute-task.ts';
import type { Prepared } from '../migrate/contract/engine.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import { isChange, type Actor, type Task } from '../migrate/contract/task.ts';
import { openProject, type Project } from '../project/open.ts';
import { runTask } from '../project/run-task.ts';
import { version } from '../project/version.ts';
import { wire, type Wired } from '../project/wire.ts';
import type { Context, Result } from './command.ts';
import { failed } from './result.ts';
import { duration } from './screen/format.ts';

/** A project that is ready for tasks. */
export interface Ready {
  readonly project: Project;
  readonly wired: Wired;
  readonly actor: Actor;
  /** `--fresh`: the database is asked, whatever is known. */
  readonly fresh: boolean;
}

/** What a command needs of its project. */
export interface Needs {
  /** One bare file in place of the folder of migrations. */
  readonly file?: string | undefined;
  /** False: no migrations are read (`runs list`). */
  readonly migrations?: boolean;
  /** True: the commit of the working tree goes into the history. */
  readonly changes?: boolean;
  /** True: commands are executed in the folder where this one is. */
  readonly commands?: boolean;
  /** True: the runner becomes a process of its own. */
  readonly detached?: boolean;
  /** True: no known result is shown. */
  readonly fresh?: boolean;
  /** The image in which commands are executed, in place of the configured one. */
  readonly image?: string | undefined;
}

/** Opens the project, connects what the task needs, lets `work` run, and closes everything again. */
export async function withProject(
  context: Context,
  needs: Needs,
  work: (ready: Ready) => Promise<Result>,
): Promise<Result> {
  const opened = await openProjectOf(context, needs.image);
  if (!opened.ok) return failed(opened.findings);
  const project = opened.value;
  for (const finding of project.findings) context.screen.finding(finding);
  const tool = version();
  // The parser is WASM and runs for a moment only: optimising it costs more time and memory than it saves.
  if (context.command !== 'status') (await import('node:v8')).setFlagsFromString('--liftoff-only');
  // Git answers while the database is being connected.
  const acting =
    needs.changes === true
      ? resolveActor(project.root, context.io.env, tool)
      : Promise.resolve({ ...identifyActor(context.io.env), commit: '', tool });
  const wired = await wire(project, {
    ...(needs.file === undefined ? {} : { file: needs.file }),
    ...(needs.file === undefined && needs.commands !== true ? {} : { cwd: context.io.cwd }),
    migrations: needs.migrations ?? true,
    detached: needs.detached ?? false,
    changes: needs.changes ?? false,
    onProgress: progressOn(context),
  });
  if (!wired.ok) return failed(wired.findings);
  try {
    context.screen.settle();
    const { target, place, note } = wired.value;
    if (target === undefined) context.screen.place(project.environment.name, place);
    else context.screen.target(project.environment.name, target, note);
    for (const finding of wired.value.findings) context.screen.finding(finding);
    return await work({ project, wired: wired.value, actor: await acting, fresh: needs.fresh ?? false });
  } finally {
    await wired.value.close();
  }
}

/** Off a terminal, what has not taken this long is not told. */
const worthShowingMs = 2_000;

/**
 * Shows what goes on before a run: on a terminal all of it; elsewhere the download, which can take a minute, and the
 * steps of an engine far away: one line for each that takes a while, not one for each tenth of it.
 */
export function progressOn({ screen, io }: Context): (text: string, step: string) => void {
  const started = new Map<string, number>();
  const isNews = (text: string): boolean => {
    const what = text.split(':')[0] ?? text;
    const since = started.get(what) ?? performance.now();
    started.set(what, since);
    if (performance.now() - since < worthShowingMs) return false;
    started.set(what, Infinity);
    return true;
  };
  return (text, step) => {
    // Told once, and worth keeping: which database is meant depends on it.
    if (step === 'copy') screen.say(text);
    else if (io.terminal || (step !== 'download' && step !== 'step')) screen.live(text);
    else if (step === 'download' || !text.includes('%') || isNews(text)) screen.say(text);
  };
}

/** Opens the project that the command's options name. */
export async function openProjectOf(context: Context, image?: string): Promise<Outcome<Project>> {
  const { io, globals, screen, redactor } = context;
  const { config, env } = globals;
  const opened = await openProject({
    cwd: io.cwd,
    env: io.env,
    redactor,
    ...(config === undefined ? {} : { configFile: config }),
    ...(env === undefined ? {} : { environment: env }),
    ...(image === undefined ? {} : { image }),
    ...(io.interactive && !screen.json
      ? {
          askName: async (host: string) =>
            await io.ask(`DATABASE_URL points to ${host}. Type a name for this environment, such as dev: `),
        }
      : {}),
  });
  if (opened.ok) screen.excerptsFrom(opened.value.root);
  return !opened.ok && context.signal.aborted ? err(fault('interrupted', { why: 'Nothing was changed.' })) : opened;
}

/** Who listens to a task, and what the task is beside itself. */
export interface ExecuteOptions {
  readonly onEvent?: (event: RunEvent) => void;
  /** Aborted: the run is left alone and goes on. */
  readonly leave?: AbortSignal;
  /** What a task that only looks asks, by the name that the ledger has for it. */
  readonly question?: string;
}

/** Has a task executed. */
export async function execute(
  context: Context,
  { project, wired }: Ready,
  task: Task,
  options: ExecuteOptions,
): Promise<Execution> {
  const { command, screen, signal } = context;
  // Who reads and waits for a lock says so at once.
  const onEvent = (event: RunEvent): void => {
    if (event.kind === 'lock.blocked' && !screen.json) screen.event(event);
  };
  const wanted = { command, onEvent, signal, ...options };
  const shown = project.remote === undefined ? wanted : { ...wanted, ...stepsOf(context, wanted.onEvent) };
  const { execution, warnings } = await runTask(project, wired, task, shown);
  if (project.remote !== undefined) context.screen.settle();
  for (const finding of warnings) context.screen.finding(finding);
  return execution;
}

/** Far away it takes a while until the runner works: what it is at, and how long that took. */
function stepsOf({ screen }: Context, onEvent: (event: RunEvent) => void) {
  const began = performance.now();
  let version = '';
  const after = (): string => duration(performance.now() - began);
  screen.live('checking the image, the secret, the network and the account');
  return {
    onStep: (step: string, { secretVersion }: Prepared) => {
      version = secretVersion ?? '';
      screen.passing(step);
    },
    onEvent: (event: RunEvent) => {
      if (event.kind === 'run.started') screen.live(`the runner connects, after ${after()}`);
      if (event.kind === 'target') {
        screen.passing(`connected to the database, after ${after()}`);
        screen.target(event.environment, event, version === '' ? undefined : `secret version ${version}`);
      }
      onEvent(event);
    },
  };
}

/** Executes a task whose events are shown as they come; nothing is left to report but the exit code. */
export async function executeAloud(context: Context, ready: Ready, task: Task): Promise<Result> {
  const execution = await executeHeard(context, ready, task, (event) => context.screen.event(event));
  return resultAloud(context, ready, execution);
}

/** Executes a task that Ctrl-C stops; who listens hears all events. */
export async function executeHeard(
  context: Context,
  ready: Ready,
  task: Task,
  onEvent: (event: RunEvent) => void,
): Promise<Execution> {
  const leaving = new AbortController();
  const remote = ready.project.remote !== undefined;
  const unbind = isChange(task.kind) ? bindCtrlC(context, task.kind, remote ? leaving : undefined) : () => {};
  try {
    return await execute(context, ready, task, { onEvent, leave: leaving.signal });
  } finally {
    unbind();
  }
}

/** The result of an execution whose events were shown, or that was left to itself. */
export function resultAloud({ screen }: Context, { project }: Ready, execution: Execution): Result {
  if (execution.left !== true) return resultOf(execution);
  if (execution.findings.length > 0) return failed(execution.findings, { run: execution.run });
  screen.settle();
  screen.say(...leftAlone(project.environment.name, execution.run));
  return { exitCode: 130, outcome: 'interrupted', findings: [] };
}

/** What is said of a run that goes on without this program. */
export function leftAlone(environment: string, run: string): readonly string[] {
  const name = environment === 'local' ? '' : ` -e ${environment}`;
  return [
    `  godwit runs attach${name} ${run}   follow it`,
    `  godwit runs cancel${name} ${run}   stop it at the next safe point`,
  ];
}

/** What is asked at Ctrl-C; what is told then. */
const stopping = {
  run: {
    here: '\nStop the run at its next safe point? What is applied remains applied. Ctrl-C again leaves at once. [Y/n] ',
    away: '\nThis run executes in Cloud Run. [c]ancel at the next safe point, [d]etach, or [S]tay attached? ',
    told: 'Stopping at the next safe point …; send the signal again to leave at once.',
  },
  command: {
    here: '\nEnd the command and the processes that it started? Ctrl-C again leaves at once. [Y/n] ',
    away: '\nThis command runs in Cloud Run. [c]ancel it, [d]etach, or [S]tay attached? ',
    told: 'Ending the command …; send the signal again to leave at once.',
  },
} as const;

/** Ctrl-C asks where a person can answer; the run goes on meanwhile. Elsewhere it stops the run. */
function bindCtrlC(
  { io, screen, signal, onCtrlC }: Context,
  kind: Task['kind'],
  leaving: AbortController | undefined,
): () => void {
  const words = stopping[kind === 'exec' ? 'command' : 'run'];
  const over = new AbortController();
  const unbind = onCtrlC(async () => {
    if (!io.interactive || screen.json) return true;
    const question = leaving === undefined ? words.here : words.away;
    const answer = await screen.asking(async () => await io.ask(question, over.signal));
    if (over.signal.aborted) return false;
    if (leaving === undefined) return !/^n/i.test(answer ?? '');
    if (/^[ld]/i.test(answer ?? '')) leaving.abort();
    return /^c/i.test(answer ?? '');
  });
  const tell = (): void => screen.say(words.told);
  signal.addEventListener('abort', tell);
  return () => {
    signal.removeEventListener('abort', tell);
    unbind();
    // It has ended meanwhile: a question that nobody has answered does not keep the program.
    over.abort();
  };
}

/** The result of an execution whose events were shown. One that never began has findings left to show. */
export function resultOf(execution: Execution): Result {
  if (execution.events.length === 0) return failed(execution.findings, { run: execution.run });
  return { exitCode: execution.exitCode, outcome: execution.outcome, findings: [] };
}

/** An execution without its events shown: for commands with one document. */
export async function executeQuietly(context: Context, ready: Ready, task: Task): Promise<Execution> {
  return await execute(context, ready, task, {});
}

/** The event of one kind that the execution must have brought, or what went wrong instead. */
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
