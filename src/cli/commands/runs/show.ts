import type { Finding } from '../../../kit/finding.ts';
import type { Execution } from '../../../migrate/controller/execute-task.ts';
import type { LedgerEntry } from '../../../migrate/contract/engine.ts';
import type { RunEvent } from '../../../migrate/contract/event.ts';
import { recordedCheckpoint } from '../../../migrate/contract/checkpoint.ts';
import { shown } from '../../../migrate/contract/command-text.ts';
import type { AuditRow, LiveRunRow, RunRow, StatementRow } from '../../../migrate/contract/history-rows.ts';
import type { Change } from '../../../migrate/contract/model.ts';
import { attemptsOf, rowOf } from '../../../operations/attempts.ts';
import { howWasRun, runQuestion } from '../../../operations/questions.ts';
import { inspectTask, ofAnyDatabase } from '../../../operations/tasks.ts';
import { defineCommand, type Run } from '../../command.ts';
import { eventOf } from '../../../operations/execute.ts';
import { operationOf, withProject } from '../../execute.ts';
import { runNamed, severalRuns } from '../../../operations/newest-runs.ts';
import { look, type ResultQuery } from '../../../operations/look-up.ts';
import { asOfData } from '../../known.ts';
import { argument } from '../../options/argument-kinds.ts';
import { fresh } from '../../options/shared.ts';
import { done, failed } from '../../result.ts';
import { changeLines, changeSummary } from '../../screen/changes.ts';
import { aligned, duration } from '../../screen/format.ts';
import { placeText } from '../../screen/finding.ts';
import { localTime } from '../../screen/local-time.ts';
import { identityLines } from '../../screen/identity.ts';
import { acceptedLines, failedName } from '../../screen/run-about.ts';
import type { Style } from '../../screen/style.ts';
import type { Line } from '../../screen/table.ts';
import { unexecutedLines } from '../../screen/unexecuted.ts';

export const spec = defineCommand({
  name: 'runs show',
  summary: 'Show one run: who started it, from where, what it did, how long each statement took',
  arguments: {
    run: argument('RUN', 'id of the run, its first characters, or `last`: the newest that `runs list` shows'),
  },
  options: { fresh },
  examples: [
    { type: 'godwit runs show 01J9', does: 'the first characters of an id are enough' },
    { type: 'godwit runs show last', does: 'the newest run that changed something or failed' },
  ],
});

export const run: Run<typeof spec> = async (context) =>
  await withProject(context, { migrations: false, fresh: context.options.fresh }, async (ready) => {
    const { screen } = context;
    const named = await runNamed(operationOf(context, ready), context.arguments.run);
    if (!named.ok) return failed(named.findings);
    const subject = named.value;
    const attempts = (await attemptsOf(ready.project)).filter((entry) => entry.run.startsWith(subject));
    const several = (runs: readonly { readonly run: string }[]): number =>
      runs.some(({ run: id }) => id === subject) ? 1 : new Set(runs.map(({ run: id }) => id)).size;
    if (several(attempts) > 1) return failed([severalRuns(several(attempts), subject)]);
    const [attempt] = attempts;
    const request: ResultQuery = {
      task: ofAnyDatabase(inspectTask(ready.project, ready.actor, { what: 'run', subject })),
      name: runQuestion(attempt?.run ?? subject),
      ...(attempts.length === 1 && attempt !== undefined ? { question: howWasRun(attempt.run) } : {}),
    };
    const alone = ready.project.remote !== undefined && attempts.length === 1 && neverConnected(attempt);
    const execution = alone ? undefined : await look(operationOf(context, ready), request);
    const reported = execution?.events.findLast((candidate) => candidate.kind === 'runs')?.runs ?? [];
    const count = several([...reported, ...attempts]);
    if (count > 1) return failed([severalRuns(count, subject)]);
    const [run] = reported.length > 0 ? reported : attempt === undefined ? [] : [rowOf(attempt)];
    if (run === undefined) return failed(execution === undefined ? [] : missingRun(execution));
    const details = execution?.events.findLast((candidate) => candidate.kind === 'run.details');
    const own = <Row extends { readonly run: string }>(rows: readonly Row[] | undefined) =>
      (rows ?? []).filter((row) => row.run === run.run);
    const statements = own(details?.statements);
    const changes = changesOf(execution?.events ?? []);
    const names = namesIn(run, own(details?.events));
    const [live] = own<LiveRunRow>(details?.live);
    const entry = attempts.find((candidate) => candidate.run === run.run);
    screen.answer(
      ...runLines(run, screen.style),
      ...attemptLines(entry, screen.style),
      ...liveLines(live, names, screen.style),
      ...acceptedLines(run, screen.style),
      ...(run.about?.identity === undefined ? [] : ['', ...identityLines(run.about.identity, screen.style)]),
      ...unexecutedLines(own(details?.events), screen.style),
      ...statementLines(statements, names, screen.style),
      ...effectLines(changes, names, screen.style),
    );
    const data = {
      run,
      statements,
      events: own<AuditRow>(details?.events),
      changes,
      ...(live === undefined ? {} : { live }),
      ...(entry?.execution === undefined ? {} : { attempt: entry }),
      ...asOfData(execution?.known),
    };
    const findings = execution?.known === undefined ? (execution?.findings ?? []) : [];
    // The history of this database does not know an attempt that the ledger has: it may have been on another one.
    return done(data, reported.length > 0 ? findings : findings.filter(({ code }) => code !== 'unknown-run'));
  });

function changesOf(events: readonly RunEvent[]): readonly Change[] {
  return events.flatMap((event) => (event.kind === 'changes' ? event.changes : []));
}

/** Migrations with their names, as `3 add_users`, by their ids. */
type MigrationNames = ReadonlyMap<string, string>;

/** The names that the events of the run tell. */
function namesIn({ failedAt }: RunRow, events: readonly AuditRow[]): MigrationNames {
  const names = new Map(failedAt === undefined ? [] : [[failedAt.migration, failedName(failedAt)]]);
  for (const { body } of events) {
    if (body === '') continue;
    const { migration, name } = JSON.parse(body) as { readonly migration?: unknown; readonly name?: unknown };
    if (typeof migration === 'string' && typeof name === 'string')
      names.set(migration, migration.startsWith('file:') ? name : `${migration} ${name}`);
  }
  return names;
}

/** What the run changed: the counts, then every change. */
function effectLines(changes: readonly Change[], names: MigrationNames, style: Style): readonly string[] {
  if (changes.length === 0) return [];
  return ['', ...changeSummary(changes), ...changeLines(changes, style, names)];
}

function missingRun(execution: Execution): readonly Finding[] {
  const event = eventOf(execution, 'runs');
  return event.ok ? execution.findings : event.findings;
}

/** True: the run never reached the database, so a query would find nothing. */
function neverConnected(entry: LedgerEntry | undefined): boolean {
  return entry?.finishedAt !== undefined && !entry.recorded && [2, 10, 20, 30].includes(entry.exitCode ?? 0);
}

function lasting({ outcome, finishedAt, ms }: RunRow): string {
  if (outcome === 'running') return `for ${duration(ms)} so far`;
  return finishedAt === '' ? 'without an end' : `took ${duration(ms)}`;
}

function runLines(run: RunRow, style: Style): readonly Line[] {
  const checkpoint = recordedCheckpoint(run.checkpoint);
  const rows: readonly (readonly [string, string])[] = [
    ['run', run.run],
    ['command', run.about === undefined ? run.command : `${run.command} ${shown(run.about.words)}`],
    ['hook', run.about?.hook === undefined ? '' : `${run.about.hook}, after run ${run.about.follows ?? ''}`],
    ['database', run.entry ?? ''],
    ['reason', run.about?.reason ?? ''],
    ['outcome', `${run.outcome}${run.exitCode === null ? '' : ` (exit ${run.exitCode})`}`],
    ['started', `${localTime(run.startedAt)}, ${lasting(run)}`],
    ['by', run.by],
    ['from', run.from],
    ['commit', run.commit],
    ['godwit', run.tool],
    ['plan', run.planHash.slice(0, 12)],
    ['checkpoint', checkpoint.text],
    ['failed', run.failedAt === undefined ? '' : failedText(run.failedAt)],
    ['failure', run.failure],
  ];
  return [
    '',
    ...aligned(rows.filter(([, value]) => value !== '').map(([name, value]) => [`  ${style.dim(name)}`, value])),
    ...(checkpoint.restore === undefined
      ? []
      : [style.dim('  to restore the checkpoint:'), { unbroken: `    ${checkpoint.restore}` }]),
  ];
}

/** `3 seed, migrations/0003_seed.sql:2` */
function failedText(failedAt: NonNullable<RunRow['failedAt']>): string {
  const { file, line } = failedAt;
  const place = file === undefined ? '' : `, ${placeText({ file, ...(line === undefined ? {} : { line }) })}`;
  return `${failedName(failedAt)}${place}`;
}

/** What the ledger knows about a remote run. */
function attemptLines(entry: LedgerEntry | undefined, style: Style): readonly string[] {
  if (entry?.execution === undefined) return [];
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['target', entry.target],
    ['execution', entry.execution],
    ['image', entry.image],
    ['secret', entry.secretVersion === undefined ? undefined : `version ${entry.secretVersion}`],
    ['log', entry.log],
    ['cleanup', entry.cleanup],
  ];
  const known = rows.flatMap(([name, value]) => (value === undefined ? [] : [[`  ${style.dim(name)}`, value]]));
  return ['', ...aligned(known)];
}

/** What a live run does now: its migration, and the state of its sessions on the server. */
function liveLines(live: LiveRunRow | undefined, names: MigrationNames, style: Style): readonly string[] {
  if (live === undefined) return [];
  const rows = live.sessions.map(({ pid, state, waits, seconds, blockedBy, progress }) => [
    `  ${style.dim('now')}`,
    `${names.get(live.migration) ?? live.migration}: ${state} for ${duration(seconds * 1000)}`,
    [
      waits === '' ? '' : `waits for ${waits}`,
      blockedBy.length === 0 ? '' : `held by pid ${blockedBy.join(', ')}`,
      progress,
    ]
      .filter((text) => text !== '')
      .join(', '),
    style.dim(`pid ${pid}`),
  ]);
  return ['', ...aligned(rows)];
}

function statementLines(statements: readonly StatementRow[], names: MigrationNames, style: Style): readonly string[] {
  if (statements.length === 0) return [];
  const rows = statements.map((row) => [
    `  ${names.get(row.migration) ?? row.migration}`,
    `line ${row.line}`,
    row.count === 1 ? row.tag : `${row.tag} ×${row.count}`,
    style.dim(row.state === 'done' || row.state === '' ? duration(row.ms) : row.state),
  ]);
  return ['', ...aligned(rows)];
}
