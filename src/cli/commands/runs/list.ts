import type { Finding } from '../../../kit/finding.ts';
import { ok, type Outcome } from '../../../kit/outcome.ts';
import type { RunRow } from '../../../migrate/contract/history-rows.ts';
import { attemptsOf, mergeRuns } from '../../../operations/attempts.ts';
import { environmentNames } from '../../../project/every-environment.ts';
import type { KnownResult } from '../../../operations/questions.ts';
import { defineCommand, type CommandContext, type Context, type Result, type Run } from '../../command.ts';
import { eventOf } from '../../../operations/execute.ts';
import type { Ready } from '../../../operations/ready.ts';
import { operationOf, execute, withProject } from '../../execute.ts';
import { lookUp, runsQuery } from '../../../operations/look-up.ts';
import { asOfData } from '../../known.ts';
import { count } from '../../options/kinds.ts';
import { fresh } from '../../options/shared.ts';
import { done, failed } from '../../result.ts';
import { duration } from '../../screen/format.ts';
import { localTime } from '../../screen/local-time.ts';
import { whatOf } from '../../screen/run-about.ts';
import type { Screen } from '../../screen/screen-port.ts';
import type { Style } from '../../screen/style.ts';
import { table } from '../../screen/table.ts';

export const spec = defineCommand({
  name: 'runs list',
  summary: 'List the runs, newest first, including failed ones',
  about: [
    'If the configuration names several environments and you give no -e, the list shows the runs of all of them, as the ledgers know them.',
  ],
  options: { limit: count('N', 'how many runs (default: 20)'), fresh },
  examples: [
    { type: 'godwit runs list -e prod', does: 'who changed prod, when, and how it ended' },
    { type: 'godwit runs list', does: 'all environments at once, without querying a database' },
  ],
});

/** Lists the runs of the history, and the attempts that only the ledger knows. */
export const run: Run<typeof spec> = async (context) => {
  const { limit = 20, fresh } = context.options;
  if (await isAboutAll(context)) return await listEverywhere(context, limit);
  return await withProject(context, { migrations: false, fresh }, async (ready) => {
    const attempts = await attemptsOf(ready.project);
    const read = await readRuns(context, ready, { limit, attempts: attempts.length });
    if (!read.ok) return failed(read.findings);
    const runs = mergeRuns(read.value.runs, attempts, limit);
    context.screen.knowRuns(() => runs.map((one) => one.run));
    context.screen.answer(
      '',
      runs.length === 0
        ? '  No runs yet.'
        : table(
            runs.map((run) => line(run, context.screen)),
            [4, 5],
          ),
    );
    return done({ runs, ...asOfData(read.value.known) }, read.value.findings);
  });
};

/** True: the command names no environment, and the configuration has several. */
async function isAboutAll({ globals, options, io }: CommandContext<typeof spec>): Promise<boolean> {
  const { env, config } = globals;
  if (env !== undefined || options.fresh) return false;
  const names = await environmentNames({ cwd: io.cwd, ...(config === undefined ? {} : { configFile: config }) });
  return names.ok && names.value.length > 1;
}

async function listEverywhere(context: Context, limit: number): Promise<Result> {
  const { screen } = context;
  const { runsEverywhere } = await import('./everywhere.ts');
  return await runsEverywhere(context, limit, (runs) => {
    screen.knowRuns(() => runs.map((one) => one.run));
    const rows = runs.map((run) => {
      const [first = '', ...rest] = line(run, screen);
      return [first, screen.style.bold(run.environment), ...rest];
    });
    screen.answer('', rows.length === 0 ? '  No runs yet.' : table(rows, [5, 6, 1]));
  });
}

interface ReadRuns {
  readonly runs: readonly RunRow[];
  readonly known?: KnownResult;
  readonly findings?: readonly Finding[];
}

/**
 * Reads the runs from the history. For a remote environment, the newest known list is enough, or none at all, because
 * the ledger has the later runs.
 */
async function readRuns(
  context: Context,
  ready: Ready,
  wanted: { readonly limit: number; readonly attempts: number },
): Promise<Outcome<ReadRuns>> {
  const request = runsQuery(ready.project, ready.actor, wanted.limit);
  const known = await lookUp(operationOf(context, ready), request.question);
  const reported = known?.events.findLast((event) => event.kind === 'runs');
  if (known !== undefined && reported !== undefined) return ok({ runs: reported.runs, known });
  if (ready.project.remote !== undefined && !ready.fresh && wanted.attempts > 0) {
    for (const finding of ready.project.ledger.warnings?.() ?? []) context.screen.finding(finding);
    context.screen.say(context.screen.style.dim('  from the ledger; --fresh queries the database'));
    return ok({ runs: [] });
  }
  const execution = await execute(context, ready, request.task, { question: request.name });
  const event = eventOf(execution, 'runs');
  return event.ok ? ok({ runs: event.value.runs, findings: execution.findings }) : event;
}

function line(run: RunRow, screen: Screen): readonly string[] {
  const { style } = screen;
  return [
    `  ${symbolOf(run, style)} ${screen.nameOfRun(run.run)}`,
    localTime(run.startedAt),
    style.bold(run.command),
    run.outcome,
    style.dim(`${whatOf(run)} ${duration(run.ms)}`),
    style.dim(run.by),
  ];
}

const openOutcomes: ReadonlySet<string> = new Set(['running', 'unfinished', 'unknown']);

function symbolOf(run: RunRow, style: Style): string {
  if (run.exitCode === 0) return style.green('✔');
  // A run that the database knows only through a later run has no exit code.
  return openOutcomes.has(run.outcome) ? style.magenta('…') : style.red('✘');
}
