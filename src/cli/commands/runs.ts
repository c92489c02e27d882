import type { LedgerEntry } from '../../migrate/engine.ts';
import type { AuditRow, LiveRunRow, RunRow, StatementRow } from '../../migrate/history/rows.ts';
import { inspectTask } from '../../project/tasks.ts';
import type { Run } from '../command.ts';
import { eventOf, executeQuietly, withProject } from '../execute.ts';
import { done, failed } from '../result.ts';
import { aligned, countOf, duration, shortTime } from '../screen/format.ts';
import type { Style } from '../screen/style.ts';
import { countOption } from '../wishes.ts';

/** `godwit runs list`: the history's runs, and attempts that only the ledger knows. */
export const list: Run = async (context) => {
  const limit = countOption(context.typed, 'limit', 20);
  if (!limit.ok) return failed(limit.findings);
  return await withProject(context, { migrations: false }, async (ready) => {
    const { project, actor } = ready;
    const { style } = context.screen;
    const task = inspectTask(project, actor, { what: 'runs', limit: limit.value });
    const execution = await executeQuietly(context, ready, task);
    const event = eventOf(execution, 'runs');
    if (!event.ok) return failed(event.findings);
    const known = new Set(event.value.runs.map((run) => run.run));
    // Refused and unreachable attempts are in the ledger only; older ones than the listed are of no interest.
    const oldest = event.value.runs.length < limit.value ? '' : (event.value.runs.at(-1)?.run ?? '');
    const attempts = (await project.ledger.list(project.environment.name)).filter(
      (entry) => !known.has(entry.run) && entry.run > oldest,
    );
    const runs = [...event.value.runs, ...attempts.map(rowOf)]
      .sort((a, b) => (a.run < b.run ? 1 : -1))
      .slice(0, limit.value);
    context.screen.say('', ...(runs.length === 0 ? ['  No runs yet.'] : aligned(runs.map((run) => line(run, style)))));
    return done({ runs });
  });
};

/** `godwit runs show RUN` */
export const show: Run = async (context) =>
  await withProject(context, { migrations: false }, async (ready) => {
    const { screen, typed } = context;
    const [subject = ''] = typed.arguments;
    const task = inspectTask(ready.project, ready.actor, { what: 'run', subject });
    const execution = await executeQuietly(context, ready, task);
    const entries = await ready.project.ledger.list(ready.project.environment.name);
    const attempt = entries.find((entry) => entry.run.startsWith(subject.toUpperCase()));
    const event = eventOf(execution, 'runs');
    const [run] =
      event.ok && event.value.runs.length > 0 ? event.value.runs : attempt === undefined ? [] : [rowOf(attempt)];
    if (run === undefined) return failed(execution.findings);
    const details = execution.events.findLast((candidate) => candidate.kind === 'run.details');
    const own = <Row extends { readonly run: string }>(rows: readonly Row[] | undefined) =>
      (rows ?? []).filter((row) => row.run === run.run);
    const statements = own(details?.statements);
    const [live] = own<LiveRunRow>(details?.live);
    screen.say(
      ...runLines(run, screen.style),
      ...liveLines(live, screen.style),
      ...statementLines(statements, screen.style),
    );
    return done({ run, statements, events: own<AuditRow>(details?.events), ...(live === undefined ? {} : { live }) });
  });

/** `godwit runs verify-chain [RUN]` */
export const verifyChain: Run = async (context) =>
  await withProject(context, { migrations: false }, async (ready) => {
    const { screen, typed } = context;
    const [subject = ''] = typed.arguments;
    const execution = await executeQuietly(
      context,
      ready,
      inspectTask(ready.project, ready.actor, { what: 'chain', subject }),
    );
    if (execution.events.length === 0) return failed(execution.findings);
    const chains = execution.events.filter((event) => event.kind === 'chain');
    const broken = chains.filter((chain) => !chain.ok);
    if (execution.exitCode === 0) {
      const events = chains.reduce((sum, chain) => sum + chain.events, 0);
      screen.say(
        '',
        `${screen.style.green('✔')} ${countOf(chains.length, 'run')}, ${countOf(events, 'event')}: no row was changed.`,
      );
    } else screen.say('', ...broken.map((chain) => `  ${screen.style.red('✘')} ${chain.run}: ${chain.why}`));
    const { exitCode, outcome } = execution;
    const findings = uniqueByText(execution.findings);
    return {
      exitCode,
      outcome,
      findings,
      data: { chains: chains.map(({ run, events, ok, why }) => ({ run, events, ok, why })) },
    };
  });

function uniqueByText<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** An attempt that the database never saw, in the shape of a run. */
function rowOf(entry: LedgerEntry): RunRow {
  const { run, command, by, from, commit, tool, startedAt } = entry;
  const finishedAt = entry.finishedAt ?? '';
  return {
    run,
    command,
    outcome: entry.outcome ?? 'unfinished',
    exitCode: entry.exitCode ?? null,
    by,
    from,
    commit,
    tool,
    planHash: '',
    checkpoint: entry.checkpoint ?? '',
    startedAt,
    finishedAt,
    ms: finishedAt === '' ? 0 : Date.parse(finishedAt) - Date.parse(startedAt),
    applied: 0,
    failure: entry.failure ?? '',
  };
}

function line(run: RunRow, style: Style): readonly string[] {
  return [
    `  ${symbolOf(run, style)} ${run.run}`,
    shortTime(run.startedAt),
    style.bold(run.command),
    run.outcome,
    style.dim(`${countOf(run.applied, 'migration')} ${duration(run.ms)}`),
    style.dim(run.by),
  ];
}

function lasting({ outcome, finishedAt, ms }: RunRow): string {
  if (outcome === 'running') return `for ${duration(ms)} so far`;
  return finishedAt === '' ? 'without an end' : `took ${duration(ms)}`;
}

function symbolOf(run: RunRow, style: Style): string {
  if (run.exitCode === 0) return style.green('✔');
  return run.exitCode === null ? style.yellow('…') : style.red('✘');
}

function runLines(run: RunRow, style: Style): readonly string[] {
  const rows: readonly (readonly [string, string])[] = [
    ['run', run.run],
    ['command', run.command],
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
