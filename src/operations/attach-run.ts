import { identifyActor } from '../adapters/actor.ts';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import type { Outcome } from '../kit/outcome.ts';
import type { RunRow } from '../migrate/contract/history-rows.ts';
import { isChange } from '../migrate/contract/task.ts';
import { closedAttempt, type Execution } from '../migrate/controller/attempt.ts';
import { closeAttempt } from '../migrate/controller/execute-task.ts';
import { askToStop } from '../migrate/controller/ask-to-stop.ts';
import { follow } from '../migrate/controller/follow.ts';
import type { LedgerEntry, RunRef } from '../migrate/contract/engine.ts';
import type { RunOutcome } from '../migrate/contract/run-outcome.ts';
import type { Project } from '../project/open.ts';
import { isDeserted } from '../project/remote.ts';
import { rowOf } from './attempts.ts';
import { findingsInContext } from './findings-in-context.ts';
import { recordedEndOf, runsRecordedAs } from './recorded.ts';
import { version } from '../project/version.ts';
import { refused, type OperationResult } from './operation-result.ts';
import { findRun, type FoundRun } from './find-run.ts';
import { severalRuns } from './newest-runs.ts';
import { stopByDatabaseOf } from './stop-by-database.ts';
import type { FollowingUi, Ui } from './ui.ts';

/** What is needed to follow a run. */
export interface Attachment {
  readonly project: Project;
  /** The id of the run, or its first characters. */
  readonly named: string;
  /** Aborted: the run is left alone. */
  readonly leave: AbortSignal;
  readonly ui: FollowingUi;
}

/**
 * Follows a run from its first event on. If it receives the end, it records it in the ledger.
 *
 * @returns `detached`: the run was left alone, and continues
 */
export async function attachRun({ project, named, leave, ui }: Attachment): Promise<OperationResult> {
  const found = await findRun(ui, project, named);
  if (found.entry?.finishedAt !== undefined) {
    const events = await project.remote?.said(found.entry);
    if (events !== undefined) return reportedAgain(found.entry, events, ui);
  }
  const ref = await found.engine.attach(found.run);
  if (!ref.ok) return await withoutRunner(project, found, ref.findings);
  const entry = found.entry ?? (await project.ledger.list()).find(({ run }) => run === ref.value.run);
  const following = { ...found, entry, ref: ref.value };
  const execution = await followOn(project, following, { leave, ui });
  if (execution.left === true && execution.findings.length > 0) return refused(execution.findings);
  if (execution.events.every(({ kind }) => kind !== 'run.finished')) return { kind: 'detached', run: ref.value.run };
  for (const warning of await close(project, following, execution)) ui.onFinding(warning);
  return { kind: 'ended', execution };
}

/** There is no runner to follow: the run has ended, or belongs to the process that waits for it. */
async function withoutRunner(project: Project, found: FoundRun, looked: readonly Finding[]): Promise<OperationResult> {
  const { entry, run: subject, several } = found;
  if (several !== undefined) return refused([several]);
  if (entry?.finishedAt !== undefined) return ended(entry.run, entry.outcome ?? 'unknown', entry.exitCode);
  // In a remote environment the history would cost an execution, and the ledger has the runs of all machines.
  if (project.remote !== undefined) return refused(looked);
  const actor = { ...identifyActor(project.env), commit: '', tool: version() };
  const rows = await runsRecordedAs(project, actor, subject);
  const [row = entry === undefined ? undefined : rowOf(entry)] = rows ?? [];
  if (row === undefined || (rows?.length ?? 0) > 1) return refused([unknownRun(subject, rows)]);
  if (entry !== undefined && row.outcome === 'unfinished' && isDeserted(entry))
    return ended(row.run, 'interrupted', 130);
  if (row.outcome !== 'running' && row.outcome !== 'unfinished')
    return ended(row.run, row.outcome, row.exitCode ?? undefined);
  const why = `Run ${row.run} (${row.command}, by ${row.by}) is at work, and was started without --detach: only the process that started it receives its events.`;
  const fix = `\`godwit runs show ${row.run}\` shows how far it is, and \`godwit runs cancel ${row.run}\` stops it at the next safe point.`;
  return refused([fault('run-not-detached', { why, fix })]);
}

function ended(run: string, outcome: string, exitCode: number | undefined): OperationResult {
  const known = exitCode ?? (outcome === 'interrupted' ? 130 : 42);
  return {
    kind: 'ended',
    execution: { run, outcome: outcome as RunOutcome, exitCode: known, findings: [], events: [] },
  };
}

function unknownRun(subject: string, rows: readonly RunRow[] | undefined): Finding {
  if (rows !== undefined && rows.length > 1) return severalRuns(rows.length, subject);
  const history = rows === undefined ? 'The database cannot be asked' : 'Nor does the history of the database';
  return fault('unknown-run', {
    why: `No run that this folder knows (.godwit/runs) begins with "${subject}". ${history}.`,
  });
}

type Following = FoundRun & { readonly ref: RunRef };

async function followOn(
  project: Project,
  { engine, entry, ref }: Following,
  { leave, ui }: Pick<Attachment, 'leave' | 'ui'>,
): Promise<Execution> {
  const actor = { ...identifyActor(project.env), commit: '', tool: version() };
  const context = findingsInContext(project, { run: ref.run, kind: entry?.kind });
  const onEvent: Ui['onEvent'] = (event) => ui.onEvent(context.event(event));
  const byDatabase = async (run: string): Promise<Outcome<void>> => await stopByDatabaseOf(project, actor, run);
  const stopping = { engine, onEvent, ...(project.remote === undefined ? {} : { stopByDatabase: byDatabase }) };
  const attendance = ui.follow?.(async () => await askToStop(stopping, ref));
  try {
    const execution = await follow(
      {
        engine,
        leave,
        onEvent,
        ...(entry?.kind === undefined ? {} : { changing: isChange(entry.kind) }),
        recorded: async (run) => await recordedEndOf(project, actor, run),
      },
      ref,
    );
    return context.execution(execution);
  } finally {
    attendance?.end();
  }
}

/**
 * Records the end in the ledger; for a remote engine, also removes what the run has left.
 *
 * @returns warnings, also of the execution
 */
async function close(
  project: Project,
  { engine, entry, ref }: Following,
  execution: Execution,
): Promise<readonly Finding[]> {
  const { warnings = [] } = execution;
  if (entry === undefined || entry.finishedAt !== undefined || execution.events.length === 0) return warnings;
  const now = (): string => new Date().toISOString();
  if (project.remote === undefined) {
    const closed = closedAttempt(entry, execution, now());
    await project.ledger.write({ ...closed, recorded: execution.exitCode !== 30 });
    return warnings;
  }
  const left = await closeAttempt(
    { engine, ledger: project.ledger, keeps: 'all', now, task: { kind: 'apply' } },
    { ref, entry, execution },
  );
  if (execution.incomplete !== true) await project.remote.results.keep(ref.run, execution.events);
  return left.warnings ?? [];
}

/** Reports a run that ended earlier again, from its stored events. */
function reportedAgain(entry: LedgerEntry, events: Execution['events'], ui: FollowingUi): OperationResult {
  for (const event of events) ui.onEvent(event);
  const finished = events.findLast((event) => event.kind === 'run.finished');
  const outcome = finished?.outcome ?? ((entry.outcome ?? 'unknown') as RunOutcome);
  const findings = events.flatMap((event) => (event.kind === 'finding' ? [event.finding] : []));
  const exitCode = finished?.exitCode ?? entry.exitCode ?? 42;
  return { kind: 'ended', execution: { run: entry.run, outcome, exitCode, findings, events } };
}
