import { fault } from '../kit/fault.ts';
import type { Execution } from '../migrate/controller/execute-task.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { LedgerEntry } from '../migrate/contract/engine.ts';
import type { Actor, Task } from '../migrate/contract/task.ts';
import { whatIsApplied, whichRuns, type KnownResult, type Question } from './questions.ts';
import type { Project } from '../project/open.ts';
import type { WireOptions } from '../project/wire.ts';
import { inspectTask, ofAnyDatabase } from './tasks.ts';
import { execute, type OperationContext } from './execute.ts';
import { settleLeftovers, waitBriefly } from './settle.ts';

/** What a command wants to know. */
export interface ResultQuery {
  /** Executed when there is no known result. */
  readonly task: Task;
  /** Finds a known result; absent: the task is always executed. */
  readonly question?: Question;
  /** The name of the question in the ledger. */
  readonly name: string;
}

/** An answer: that of an execution, or the newest known result. */
export interface Looked extends Execution {
  readonly known?: KnownResult;
}

/**
 * For a remote environment, answers with the newest complete result of any machine, with its age. Executes the task if
 * there is none, with `--fresh`, and in every environment of this machine.
 */
export async function look(operation: OperationContext, request: ResultQuery): Promise<Looked> {
  const known = await lookUp(operation, request.question);
  if (known === undefined) return await execute(operation, request.task, { question: request.name });
  return { ...executionOf(known), known };
}

/** The newest known answer; undefined: the database must be queried. */
export async function lookUp(
  { ready, ui }: OperationContext,
  question: Question | undefined,
): Promise<KnownResult | undefined> {
  const { project, fresh } = ready;
  if (project.remote === undefined || question === undefined || fresh) return undefined;
  const { newestKnown } = await import('./known-results.ts');
  ui.onNote({ kind: 'progress', text: 'reading the newest known result' });
  const { known, underWay, deserted } = await newestKnown(project, question);
  // Without an execution nothing else cleans up; an execution does it on its way.
  if (known !== undefined && deserted === true) await waitBriefly(settleLeftovers(project, ready.wired));
  ui.onNote({ kind: 'settled' });
  // Otherwise the database is asked next, and warnings go along with what that finds.
  if (known === undefined) return undefined;
  for (const finding of project.ledger.warnings?.() ?? []) ui.onFinding(finding);
  ui.onNote({ kind: 'known', project, known });
  if (underWay === undefined) return known;
  ui.onFinding(underWayNote(underWay, project.environment.name));
  return { ...known, underWay: underWay.run };
}

/** Asks what is applied; in a remote environment also for the runs, at the same cost. */
export function appliedQuery(project: Project, actor: Actor): ResultQuery {
  if (project.remote === undefined)
    return { task: ofAnyDatabase(inspectTask(project, actor, { what: 'history' })), name: 'history' };
  return { ...overview(project, actor), question: whatIsApplied };
}

/** The first task of a command that asks what is applied. */
export const asksHistory = (): WireOptions['first'] => ({ kind: 'inspect', what: 'history' });

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
