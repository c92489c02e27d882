import { fault } from '../kit/fault.ts';
import type { Execution } from '../migrate/controller/execute-task.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { LedgerEntry } from '../migrate/contract/engine.ts';
import type { Target } from '../migrate/contract/ports.ts';
import type { Actor, Task } from '../migrate/contract/task.ts';
import { whatIsApplied, whichRuns, type KnownResult, type Question } from '../project/questions.ts';
import type { Project } from '../project/open.ts';
import { inspectTask, ofAnyDatabase } from '../project/tasks.ts';
import type { Context } from './command.ts';
import { execute, type Ready } from './execute.ts';
import { countOf } from './screen/format.ts';

/** What a command wants to know. */
export interface ResultQuery {
  /** What is executed when nobody knows it. */
  readonly task: Task;
  /** How it is known; absent: it is always executed. */
  readonly question?: Question;
  /** The name of the question in the ledger. */
  readonly name: string;
}

/** An answer: of an execution, or the newest known one. */
export interface Looked extends Execution {
  readonly known?: KnownResult;
}

/**
 * Answers by the newest complete result of any machine, with its age, where executing takes long; executes where
 * nothing is known, with `--fresh`, and in every environment of this machine.
 */
export async function look(context: Context, ready: Ready, request: ResultQuery): Promise<Looked> {
  const known = await lookUp(context, ready, request.question);
  if (known === undefined) return await execute(context, ready, request.task, { question: request.name });
  return { ...executionOf(known), known };
}

/** The newest known answer, with its age told; undefined: the database has to be asked. */
export async function lookUp(
  context: Context,
  { project, fresh }: Pick<Ready, 'project' | 'fresh'>,
  question: Question | undefined,
): Promise<KnownResult | undefined> {
  if (project.remote === undefined || question === undefined || fresh) return undefined;
  const { newestKnown } = await import('../project/known-results.ts');
  context.screen.live('reading the newest known result');
  const { known, underWay } = await newestKnown(project, question);
  context.screen.settle();
  for (const finding of project.ledger.warnings?.() ?? []) context.screen.finding(finding);
  if (known === undefined) return undefined;
  const target = known.events.findLast((event) => event.kind === 'target');
  if (target !== undefined) context.screen.target(project.environment.name, target);
  context.screen.say(context.screen.style.dim(`  ${ageText(known, Date.now())}; --fresh queries the database`));
  if (underWay === undefined) return known;
  context.screen.finding(underWayNote(underWay, project.environment.name));
  return { ...known, underWay: underWay.run };
}

/** Asks what is applied; far away at once for the runs, at the same price. */
export function appliedQuery(project: Project, actor: Actor): ResultQuery {
  if (project.remote === undefined)
    return { task: ofAnyDatabase(inspectTask(project, actor, { what: 'history' })), name: 'history' };
  return { ...overview(project, actor), question: whatIsApplied };
}

/** Asks for the newest runs. */
export function runsQuery(project: Project, actor: Actor, limit: number): ResultQuery {
  if (project.remote === undefined)
    return { task: ofAnyDatabase(inspectTask(project, actor, { what: 'runs', limit })), name: 'runs' };
  return { ...overview(project, actor, limit), question: whichRuns };
}

const overviewRuns = 50;

function overview(project: Project, actor: Actor, limit = overviewRuns): ResultQuery {
  const task = ofAnyDatabase(inspectTask(project, actor, { what: 'overview', limit: Math.max(overviewRuns, limit) }));
  return { task, name: 'overview' };
}

/** The database that an execution has reached. */
export function targetOf(events: readonly RunEvent[]): Target | undefined {
  const target = events.findLast((event) => event.kind === 'target');
  if (target === undefined) return undefined;
  const { host, port, database, user } = target;
  return { host, port, database, user };
}

/** `as of 3 min ago, by run 01J9… (up, ann@host)` */
export function ageText({ asOf, run, command, by }: KnownResult, now: number): string {
  const past = now - Date.parse(asOf);
  return `as of ${past < 1_000 ? 'this moment' : `${age(past)} ago`}, by run ${run} (${command}, ${by})`;
}

/** For programs: which execution told it, and when. */
export function asOfData(known: KnownResult | undefined): Readonly<Record<string, unknown>> {
  if (known === undefined) return {};
  const { asOf: at, run, by, command, underWay } = known;
  return { asOf: { at, run, by, command, ...(underWay === undefined ? {} : { underWay }) } };
}

function age(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800
    ? countOf(Math.floor(seconds / 3_600), 'hour')
    : countOf(Math.floor(seconds / 86_400), 'day');
}

function underWayNote({ run, command, by, startedAt }: LedgerEntry, environment: string) {
  return fault('run-under-way', {
    why: `Run ${run} (${command}) of ${by} started at ${startedAt.slice(0, 16).replace('T', ' ')} UTC and is not known to have ended. Its changes may not be shown yet.`,
    fix: `\`godwit runs attach -e ${environment} ${run}\` follows it.`,
  });
}

function executionOf({ run, events }: KnownResult): Execution {
  const finished = events.findLast((event) => event.kind === 'run.finished');
  const findings = events.flatMap((event: RunEvent) => (event.kind === 'finding' ? [event.finding] : []));
  return { run, outcome: finished?.outcome ?? 'done', exitCode: finished?.exitCode ?? 0, findings, events };
}
