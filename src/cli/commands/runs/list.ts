import type { RunRow } from '../../../migrate/contract/history-rows.ts';
import { environmentNames } from '../../../project/every-environment.ts';
import { defineCommand, type CommandContext, type Context, type Result, type Run } from '../../command.ts';
import { depthFor, newestRuns, withoutIdle } from '../../../operations/newest-runs.ts';
import { operationOf, withProject } from '../../execute.ts';
import { asOfData } from '../../known.ts';
import { count, flag } from '../../options/kinds.ts';
import { fresh } from '../../options/shared.ts';
import { done, failed } from '../../result.ts';
import { countOf, duration } from '../../screen/format.ts';
import { timesInZone } from '../../screen/local-time.ts';
import { whatOf } from '../../screen/run-about.ts';
import type { Screen } from '../../screen/screen-port.ts';
import type { Style } from '../../screen/style.ts';
import { table, type Line } from '../../screen/table.ts';

export const spec = defineCommand({
  name: 'runs list',
  summary: 'List the runs that changed something or failed, newest first',
  about: [
    'If the configuration names several environments and you give no -e, the list shows the runs of all of them, as the ledgers know them.',
  ],
  options: {
    limit: count('N', 'how many runs (default: 20)'),
    all: flag('also show runs that were refused or had nothing to do; --json always lists them'),
    fresh,
  },
  examples: [
    { type: 'godwit runs list -e prod', does: 'who changed prod, when, and how it ended' },
    { type: 'godwit runs list --all --limit 50', does: 'also those that were refused or had nothing to do' },
    { type: 'godwit runs list', does: 'all environments at once, without querying a database' },
  ],
});

/** Lists the runs of the history, and the attempts that only the ledger knows. */
export const run: Run<typeof spec> = async (context) => {
  const { limit = 20, fresh, all } = context.options;
  // Programs get all runs; people first those that began to change something.
  const depth = all || context.screen.json ? limit : depthFor(limit);
  const chosen = <Row extends RunRow>(runs: readonly Row[]) =>
    all ? { shown: runs.slice(0, limit), hidden: 0 } : withoutIdle(runs, limit);
  if (await isAboutAll(context)) return await listEverywhere(context, { limit, depth, chosen });
  return await withProject(
    context,
    { migrations: false, fresh, first: () => ({ kind: 'inspect', what: 'runs' }) },
    async (ready) => {
      const { screen } = context;
      const read = await newestRuns(operationOf(context, ready), depth);
      if (!read.ok) return failed(read.findings);
      const { runs, known, findings, ofLedger } = read.value;
      if (ofLedger) screen.say(screen.style.dim('  from the ledger; --fresh queries the database'));
      const { shown, hidden } = chosen(runs);
      screen.answer('', ...listed(shown, screen), ...closing(shown.length, hidden, { depth, style: screen.style }));
      return done({ runs: runs.slice(0, limit), ...asOfData(known) }, findings);
    },
  );
};

/** True: the command names no environment, and the configuration has several. */
async function isAboutAll({ globals, options, io }: CommandContext<typeof spec>): Promise<boolean> {
  const { env, config } = globals;
  if (env !== undefined || options.fresh) return false;
  const names = await environmentNames({ cwd: io.cwd, ...(config === undefined ? {} : { configFile: config }) });
  return names.ok && names.value.length > 1;
}

interface ListChoice {
  readonly limit: number;
  /** How many runs are read. */
  readonly depth: number;
  readonly chosen: <Row extends RunRow>(
    runs: readonly Row[],
  ) => { readonly shown: readonly Row[]; readonly hidden: number };
}

async function listEverywhere(context: Context, { limit, depth, chosen }: ListChoice): Promise<Result> {
  const { screen } = context;
  const { runsEverywhere } = await import('./everywhere.ts');
  return await runsEverywhere(context, { limit, depth }, (runs) => {
    const { shown, hidden } = chosen(runs);
    screen.answer('', ...listed(shown, screen, true), ...closing(shown.length, hidden, { depth, style: screen.style }));
  });
}

/** Says what the list leaves out. */
function closing(
  shown: number,
  hidden: number,
  { depth, style }: { readonly depth: number; readonly style: Style },
): readonly string[] {
  if (hidden === 0) return shown === 0 ? ['  No runs yet.'] : [];
  if (shown === 0 && hidden >= depth)
    return [
      style.dim(`  None of the newest ${hidden} runs changed anything (refused, or nothing to do): --all shows them`),
    ];
  const others = `${countOf(hidden, 'run')} that changed nothing (refused, or nothing to do): --all shows ${hidden === 1 ? 'it' : 'them'}`;
  return [style.dim(`  ${shown === 0 ? '' : '+ '}${others}`)];
}

/** The rows of the runs; the zone of their times is told once, so that they fit into 80 columns. */
function listed(runs: readonly ListedRun[], screen: Screen, everywhere = false): readonly Line[] {
  if (runs.length === 0) return [];
  const { style } = screen;
  screen.knowRuns(() => runs.map(({ run }) => run));
  const { times, zone } = timesInZone(runs.map(({ startedAt }) => startedAt));
  const rows = runs.map((run, index) => [
    `  ${symbolOf(run, style)} ${screen.nameOfRun(run.run)}`,
    ...(everywhere ? [style.bold(run.environment ?? '')] : []),
    times[index] ?? '',
    style.bold([run.command, ...(run.entry === undefined ? [] : [run.entry])].join(' ')),
    run.outcome,
    whatOf(run),
    style.dim(duration(run.ms)),
    style.dim(run.by),
  ]);
  const cut = everywhere ? [5, 7, 1, 4] : [4, 6, 3];
  return [...(zone === undefined ? [] : [style.dim(`  Times are in ${zone}.`)]), table(rows, cut)];
}

/** A run, and its environment where those of several are listed. */
type ListedRun = RunRow & { readonly environment?: string };

const openOutcomes: ReadonlySet<string> = new Set(['running', 'unfinished', 'unknown']);

function symbolOf(run: RunRow, style: Style): string {
  if (run.exitCode === 0) return style.green('✔');
  // A run that the database knows only through a later run has no exit code.
  return openOutcomes.has(run.outcome) ? style.magenta('…') : style.red('✘');
}
