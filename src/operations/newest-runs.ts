import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Finding } from '../kit/finding.ts';
import type { RunRow } from '../migrate/contract/history-rows.ts';
import { attemptsOf, mergeRuns } from './attempts.ts';
import { eventOf, execute, type OperationContext } from './execute.ts';
import { lookUp, runsQuery } from './look-up.ts';
import type { KnownResult } from './questions.ts';

/** Runs, newest first: those of the history, and the attempts that only the ledger knows. */
export interface NewestRuns {
  readonly runs: readonly RunRow[];
  readonly known?: KnownResult;
  readonly findings: readonly Finding[];
  /** True: the database was not asked, because the ledger was enough. */
  readonly ofLedger: boolean;
}

/** Reads the newest runs. For a remote environment, the ledger and the newest known list are enough. */
export async function newestRuns(operation: OperationContext, limit: number): Promise<Outcome<NewestRuns>> {
  const { ready, ui } = operation;
  const attempts = await attemptsOf(ready.project);
  const merged = (runs: readonly RunRow[]): readonly RunRow[] => mergeRuns(runs, attempts, limit);
  const request = runsQuery(ready.project, ready.actor, limit);
  const known = await lookUp(operation, request.question);
  const reported = known?.events.findLast((event) => event.kind === 'runs');
  if (known !== undefined && reported !== undefined)
    return ok({ runs: merged(reported.runs), known, findings: [], ofLedger: false });
  if (ready.project.remote !== undefined && !ready.fresh && attempts.length > 0) {
    for (const finding of ready.project.ledger.warnings?.() ?? []) ui.onFinding(finding);
    return ok({ runs: merged([]), findings: [], ofLedger: true });
  }
  const execution = await execute(operation, request.task, { question: request.name });
  const event = eventOf(execution, 'runs');
  return event.ok ? ok({ runs: merged(event.value.runs), findings: execution.findings, ofLedger: false }) : event;
}

const idleOutcomes: ReadonlySet<string> = new Set(['nothing-to-do', 'refused', 'wrong-usage']);
const lockedOutOutcomes: ReadonlySet<string> = new Set(['busy', 'unreachable']);

/** True: the run ended without having begun to change anything. */
export function isIdle(
  run: Pick<RunRow, 'outcome' | 'applied' | 'command' | 'failure' | 'failedAt' | 'about'>,
): boolean {
  if (run.applied !== 0) return false;
  return idleOutcomes.has(run.outcome) || (lockedOutOutcomes.has(run.outcome) && !hadBegun(run));
}

/** True: the run had the database, and lost it. The history records a command just before it starts. */
function hadBegun({ command, failure, failedAt, about }: Pick<RunRow, 'command' | 'failure' | 'failedAt' | 'about'>) {
  return failedAt !== undefined || /(?:^|; )taken-over: /.test(failure) || (command === 'exec' && about !== undefined);
}

/** How many runs are read to find those that a list of this length shows. */
export function depthFor(limit: number): number {
  return Math.max(limit * 5, 100);
}

/** The runs that a list shows, and how many idle ones it leaves out between them. */
export function withoutIdle<Row extends RunRow>(
  runs: readonly Row[],
  limit: number,
): { readonly shown: readonly Row[]; readonly hidden: number } {
  const shown = runs.filter((run) => !isIdle(run)).slice(0, limit);
  const last = shown.length < limit ? runs.length : runs.indexOf(shown.at(-1) as Row) + 1;
  return { shown, hidden: last - shown.length };
}

/** The word that stands for the newest run that a list shows. */
export const lastRun = 'last';

/** The id that a command's argument means, or its beginning. */
export async function runNamed(operation: OperationContext, typed: string): Promise<Outcome<string>> {
  if (typed.toLowerCase() !== lastRun) return ok(typed.toUpperCase());
  const depth = depthFor(1);
  const read = await newestRuns(operation, depth);
  return read.ok ? newestShown(read.value.runs, depth) : read;
}

/** The newest run of these that a list shows; `depth`: how many were asked for. */
export function newestShown(runs: readonly RunRow[], depth: number): Outcome<string> {
  const newest = runs.find((run) => !isIdle(run));
  if (newest !== undefined) return ok(newest.run);
  const none = `None of the newest ${depth} runs has changed anything; \`godwit runs list --all\` shows them.`;
  return err(fault('unknown-run', { why: runs.length < depth ? 'No run has changed anything yet.' : none }));
}

/** What was typed is the beginning of several ids. */
export function severalRuns(count: number, typed: string): Finding {
  const fix = 'Type more of the id; `godwit runs list` shows the ids.';
  return fault('unknown-run', { why: `${count} runs begin with "${typed}".`, fix });
}
