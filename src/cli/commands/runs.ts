import type { Finding } from '../../kit/finding.ts';
import { ok, type Outcome } from '../../kit/outcome.ts';
import type { Execution } from '../../migrate/controller/execute-task.ts';
import type { LedgerEntry } from '../../migrate/contract/engine.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import type { Change } from '../../migrate/contract/model.ts';
import type { AuditRow, LiveRunRow, RunRow, StatementRow } from '../../migrate/contract/history-rows.ts';
import { shown } from '../../migrate/contract/command-text.ts';
import { inspectTask, ofAnyDatabase } from '../../project/tasks.ts';
import { attemptsOf, mergeRuns, rowOf } from '../../project/attempts.ts';
import { howWasRun, runQuestion, type KnownResult } from '../../project/questions.ts';
import type { Context, Result, Run } from '../command.ts';
import { eventOf, execute, withProject, type Ready } from '../execute.ts';
import { asOfData, look, lookUp, runsQuery, type ResultQuery } from '../look.ts';
import { done, failed } from '../result.ts';
import { identityLines } from '../screen/identity.ts';
import { unexecutedLines } from '../screen/unexecuted.ts';
import { acceptedLines, whatOf } from '../screen/run-about.ts';
import { aligned, duration, shortTime } from '../screen/format.ts';
import { changeLines, changeSummary } from '../screen/changes.ts';
import type { Style } from '../screen/style.ts';
import { countOption } from '../wishes.ts';

/** `godwit runs list`: the history's runs, and attempts that only the ledger knows. */
export const list: Run = async (context) => {
  const limit = countOption(context.typed, 'limit', 20);
  if (!limit.ok) return failed(limit.findings);
  if (await isAboutAll(context)) return await listEverywhere(context, limit.value);
  return await withProject(context, { migrations: false }, async (ready) => {
    const { style } = context.screen;
    const attempts = await attemptsOf(ready.project);
    const read = await readRuns(context, ready, { limit: limit.value, attempts: attempts.length });
    if (!read.ok) return failed(read.findings);
    const runs = mergeRuns(read.value.runs, attempts, limit.value);
    context.screen.say('', ...(runs.length === 0 ? ['  No runs yet.'] : aligned(runs.map((run) => line(run, style)))));
    return done({ runs, ...asOfData(read.value.known) }, read.value.findings);
  });
};

/** No environment is named, and the configuration has several. */
async function isAboutAll({ typed, io }: Context): Promise<boolean> {
  const { env, config } = typed.values;
  if (env !== undefined || typed.switches.has('fresh')) return false;
  const { environmentNames } = await import('../../project/every-environment.ts');
  const names = await environmentNames({ cwd: io.cwd, ...(config === undefined ? {} : { configFile: config }) });
  return names.ok && names.value.length > 1;
}

async function listEverywhere(context: Context, limit: number): Promise<Result> {
  const { screen } = context;
  const { runsEverywhere } = await import('../runs-everywhere.ts');
  return await runsEverywhere(context, limit, (runs) => {
    const rows = runs.map((run) => {
      const [first = '', ...rest] = line(run, screen.style);
      return [first, screen.style.bold(run.environment), ...rest];
    });
    screen.say('', ...(rows.length === 0 ? ['  No runs yet.'] : aligned(rows)));
  });
}

interface ReadRuns {
  readonly runs: readonly RunRow[];
  readonly known?: KnownResult;
  readonly findings?: readonly Finding[];
}

/** What the history says of the runs. Far away the newest known list will do, or none: the ledger has the later ones. */
async function readRuns(
  context: Context,
  ready: Ready,
  wanted: { readonly limit: number; readonly attempts: number },
): Promise<Outcome<ReadRuns>> {
  const request = runsQuery(ready.project, ready.actor, wanted.limit);
  const known = await lookUp(context, ready, request.question);
  const reported = known?.events.findLast((event) => event.kind === 'runs');
  if (known !== undefined && reported !== undefined) return ok({ runs: reported.runs, known });
  const fresh = context.typed.switches.has('fresh');
  if (ready.project.remote !== undefined && !fresh && wanted.attempts > 0) {
    context.screen.say(context.screen.style.dim('  from the ledger; --fresh asks the database'));
    return ok({ runs: [] });
  }
  const execution = await execute(context, ready, request.task, { question: request.name });
  const event = eventOf(execution, 'runs');
  return event.ok ? ok({ runs: event.value.runs, findings: execution.findings }) : event;
}

/** `godwit runs show RUN` */
export const show: Run = async (context) =>
  await withProject(context, { migrations: false }, async (ready) => {
    const { screen, typed } = context;
    const subject = (typed.arguments[0] ?? '').toUpperCase();
    const attempts = (await attemptsOf(ready.project)).filter((entry) => entry.run.startsWith(subject));
    const [attempt] = attempts;
    const request: ResultQuery = {
      task: ofAnyDatabase(inspectTask(ready.project, ready.actor, { what: 'run', subject })),
      name: runQuestion(attempt?.run ?? subject),
      ...(attempts.length === 1 && attempt !== undefined ? { question: howWasRun(attempt.run) } : {}),
    };
    const alone = ready.project.remote !== undefined && attempts.length === 1 && neverConnected(attempt);
    const execution = alone ? undefined : await look(context, ready, request);
    const reported = execution?.events.findLast((candidate) => candidate.kind === 'runs')?.runs ?? [];
    const [run] = reported.length > 0 ? reported : attempt === undefined ? [] : [rowOf(attempt)];
    if (run === undefined) return failed(execution === undefined ? [] : notTold(execution));
    const details = execution?.events.findLast((candidate) => candidate.kind === 'run.details');
    const own = <Row extends { readonly run: string }>(rows: readonly Row[] | undefined) =>
      (rows ?? []).filter((row) => row.run === run.run);
    const statements = own(details?.statements);
    const changes = changesOf(execution?.events ?? []);
    const [live] = own<LiveRunRow>(details?.live);
    const entry = attempts.find((candidate) => candidate.run === run.run);
    if (Math.max(reported.length, attempts.length) > 1)
      screen.say(screen.style.dim(`  Several runs begin with ${subject}; this is the newest of them.`));
    screen.say(
      ...runLines(run, screen.style),
      ...attemptLines(entry, screen.style),
      ...liveLines(live, screen.style),
      ...acceptedLines(run, screen.style),
      ...(run.about?.identity === undefined ? [] : ['', ...identityLines(run.about.identity, screen.style)]),
      ...unexecutedLines(own(details?.events), screen.style),
      ...statementLines(statements, screen.style),
      ...effectLines(changes, screen.style),
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
    return done(data, execution?.known === undefined ? execution?.findings : []);
  });

function changesOf(events: readonly RunEvent[]): readonly Change[] {
  return events.flatMap((event) => (event.kind === 'changes' ? event.changes : []));
}

/** What the run did: counted, then in full. */
function effectLines(changes: readonly Change[], style: Style): readonly string[] {
  if (changes.length === 0) return [];
  return ['', ...changeSummary(changes), ...changeLines(changes, style)];
}

function notTold(execution: Execution): readonly Finding[] {
  const event = eventOf(execution, 'runs');
  return event.ok ? execution.findings : event.findings;
}

/** The database never heard of it: there is nothing to ask. */
function neverConnected(entry: LedgerEntry | undefined): boolean {
  return entry?.finishedAt !== undefined && !entry.recorded && [2, 10, 20, 30].includes(entry.exitCode ?? 0);
}

function line(run: RunRow, style: Style): readonly string[] {
  return [
    `  ${symbolOf(run, style)} ${run.run}`,
    shortTime(run.startedAt),
    style.bold(run.command),
    run.outcome,
    style.dim(`${whatOf(run)} ${duration(run.ms)}`),
    style.dim(run.by),
  ];
}

function lasting({ outcome, finishedAt, ms }: RunRow): string {
  if (outcome === 'running') return `for ${duration(ms)} so far`;
  return finishedAt === '' ? 'without an end' : `took ${duration(ms)}`;
}

const openOutcomes: ReadonlySet<string> = new Set(['running', 'unfinished', 'unknown']);

function symbolOf(run: RunRow, style: Style): string {
  if (run.exitCode === 0) return style.green('✔');
  // One that the database heard of from a later run has no exit code.
  return openOutcomes.has(run.outcome) ? style.yellow('…') : style.red('✘');
}

function runLines(run: RunRow, style: Style): readonly string[] {
  const rows: readonly (readonly [string, string])[] = [
    ['run', run.run],
    ['command', run.about === undefined ? run.command : `${run.command} ${shown(run.about.words)}`],
    ['hook', run.about?.hook === undefined ? '' : `${run.about.hook}, after run ${run.about.follows ?? ''}`],
    ['reason', run.about?.reason ?? ''],
    ['outcome', `${run.outcome}${run.exitCode === null ? '' : ` (exit ${run.exitCode})`}`],
    ['started', `${shortTime(run.startedAt)} UTC, ${lasting(run)}`],
    ['by', run.by],
    ['from', run.from],
    ['commit', run.commit],
    ['godwit', run.tool],
    ['plan', run.planHash.slice(0, 12)],
    ['checkpoint', run.checkpoint],
    ['failure', run.failure],
  ];
  return [
    '',
    ...aligned(rows.filter(([, value]) => value !== '').map(([name, value]) => [`  ${style.dim(name)}`, value])),
  ];
}

/** What the ledger has of a run far away. */
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

/** Where a run that is at work stands: its migration, and what the server does for it. */
function liveLines(live: LiveRunRow | undefined, style: Style): readonly string[] {
  if (live === undefined) return [];
  const rows = live.sessions.map(({ pid, state, waits, seconds, blockedBy, progress }) => [
    `  ${style.dim('now')}`,
    `${live.migration}: ${state} for ${duration(seconds * 1000)}`,
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

function statementLines(statements: readonly StatementRow[], style: Style): readonly string[] {
  if (statements.length === 0) return [];
  const rows = statements.map((row) => [
    `  ${row.migration}`,
    `line ${row.line}`,
    row.count === 1 ? row.tag : `${row.tag} ×${row.count}`,
    style.dim(row.state === 'done' || row.state === '' ? duration(row.ms) : row.state),
  ]);
  return ['', ...aligned(rows)];
}
