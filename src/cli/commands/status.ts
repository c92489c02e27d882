import { nodeHashing } from '../../adapters/files/hashing.ts';
import { pendingExit } from '../../kit/exit-code.ts';
import type { Finding } from '../../kit/finding.ts';
import { appliedNow } from '../../migrate/contract/history.ts';
import type { HistoryRow, WorkingRun } from '../../migrate/contract/history-rows.ts';
import { foreignNotice } from '../../migrate/contract/foreign-notice.ts';
import { defaultSet, isBareId, isOf, setIn } from '../../migrate/contract/migration-id.ts';
import type { Tool } from '../../migrate/contract/tool.ts';
import { compareReported } from '../../migrate/plan/reported-statements.ts';
import { judgeVanished, withoutFile } from '../../migrate/plan/without-file.ts';
import { defineCommand, type Run } from '../command.ts';
import { eventOf } from '../../operations/execute.ts';
import { operationOf, withProject } from '../execute.ts';
import { appliedQuery, asksHistory, look } from '../../operations/look-up.ts';
import { asOfData, targetOf } from '../known.ts';
import { namesFleet, withoutFleet } from '../fleet/named.ts';
import { databases, databasesQuery, parallel, schemasQuery } from '../options/fleet.ts';
import { text } from '../options/kinds.ts';
import { exitCode, file, fresh } from '../options/shared.ts';
import { failed } from '../result.ts';
import type { Screen } from '../screen/screen-port.ts';
import { countOf } from '../screen/format.ts';
import { localTime } from '../screen/local-time.ts';
import type { Style } from '../screen/style.ts';
import { table } from '../screen/table.ts';
import { workingLines } from './status/working.ts';
import { bareLine, byVersion, linesOf, settledStates, unseen, type StatusLine } from './status/status-lines.ts';

export const spec = defineCommand({
  name: 'status',
  summary: 'Show which migrations are applied and which are pending',
  about: [
    'With --exit-code, the command ends with 0 if nothing is pending, with 3 if `up` has something to apply, with 10 if a migration was changed, is missing, comes out of order or is otherwise in the way, and with 30 if the database cannot be reached. With --compare, 3 says that the environments differ.',
  ],
  options: {
    file,
    exitCode,
    fresh,
    compare: text('ENV,ENV', 'show what is applied in each of these environments (or `all`), and what one lacks'),
    databases,
    databasesQuery,
    schemasQuery,
    parallel,
  },
  examples: [
    { type: 'godwit status', does: 'the local environment' },
    { type: 'godwit status --compare dev,prod', does: 'what dev has and prod lacks' },
    { type: 'godwit status -e prod --databases tenants.txt', does: 'which of many databases are behind' },
    { type: 'godwit status -e prod --json', does: 'for scripts' },
    { type: 'godwit status --exit-code', does: 'for a pipeline: 0 nothing pending, 3 pending, 10 something is wrong' },
  ],
});

export const run: Run<typeof spec> = async (context) => {
  const { options } = context;
  const { databases, databasesQuery, schemasQuery, parallel } = options;
  if (namesFleet({ databases, databasesQuery, schemasQuery }))
    return await (await import('../fleet/status.ts')).databasesStatus(context, options);
  const known = withoutFleet({ parallel });
  if (!known.ok) return failed(known.findings);
  if (options.compare !== undefined) {
    const { compareEnvironments } = await import('./status/compare.ts');
    const { compare, fresh, exitCode } = options;
    return await compareEnvironments(context, { compare, fresh, exitCode });
  }
  return await withProject(context, { file: options.file, fresh: options.fresh, first: asksHistory }, async (ready) => {
    const { project, wired, actor } = ready;
    const execution = await look(operationOf(context, ready), appliedQuery(project, actor));
    const history = eventOf(execution, 'history');
    if (!history.ok) return failed(history.findings);
    const { layout } = wired.bundle;
    const { rows } = history.value;
    const isShown = (id: string): boolean => isBareId(id) || isOf(id, wired.bundle);
    const partial = history.value.partial.filter(isShown);
    const otherSets = countSets(rows.filter(({ id }) => !isShown(id)));
    const {
      comparison,
      findings: found,
      standsFor,
    } = await compareReported(wired.bundle, history.value, nodeHashing, {
      outOfOrder: false,
      local: project.environment.name === 'local',
      ahead: project.environment.ahead,
    });
    const vanished = withoutFile(partial, wired.bundle);
    const inPart = judgeVanished(vanished, rows);
    // The findings of a cached result belong to the run that produced it.
    const reported = execution.known === undefined ? execution.findings : [];
    const { foreign = [] } = history.value;
    const notices = foreign.map((one) => foreignNotice(one, project.environment.name));
    const findings = [...reported, ...notices, ...inPart, ...found];
    // Bare files have no folder, so only the history knows them.
    const bare = layout === 'bare' ? [] : appliedNow(rows).filter(({ id }) => isBareId(id));
    const known = [
      ...linesOf({ comparison, standsFor }, new Set(partial)),
      ...bare.map((one) => bareLine(one, partial)),
    ];
    const lines = [...known, ...unseen(partial, known, layout)].sort((a, b) => byVersion(a.id, b.id));
    const next = foreign.find(({ entries }) => entries > 0)?.tool;
    // What a cached result saw at work has probably ended since.
    const working = execution.known === undefined ? (history.value.now?.working ?? []) : [];
    const { name } = project.environment;
    show(context.screen, { lines, findings, otherSets, environment: name, adoptFrom: next, working });
    const target = wired.target ?? targetOf(execution.events);
    const environment = { name, protected: project.environment.protected, ...target };
    const pending = lines.filter(({ state }) => !settledStates.has(state)).length;
    // What is wrong does not fail `status` unless `--exit-code` asks: it is a finding here, and stops `up`.
    return {
      exitCode: options.exitCode ? exitCodeFor(lines, findings) : 0,
      outcome: 'done',
      findings,
      data: {
        environment,
        pending,
        migrations: lines,
        otherSets,
        ...(working.length === 0 ? {} : { working }),
        ...asOfData(execution.known),
      },
    };
  });
};

/** A set of another project, and the number of its applied migrations. */
interface OtherSet {
  readonly set: string;
  readonly applied: number;
}

/** 10: `up` would refuse; 3: it has something to do. */
function exitCodeFor(lines: readonly StatusLine[], findings: readonly Finding[]): number {
  const halfUndone = lines.some(({ state, how }) => state === 'partial' && how !== undefined);
  if (halfUndone || findings.some(({ severity }) => severity === 'error')) return 10;
  return lines.every(({ state }) => settledStates.has(state)) ? 0 : pendingExit;
}

function countSets(rows: readonly HistoryRow[]): readonly OtherSet[] {
  const counts = new Map<string, number>();
  for (const { id } of appliedNow(rows)) counts.set(setIn(id), (counts.get(setIn(id)) ?? 0) + 1);
  return [...counts].map(([set, applied]) => ({ set, applied }));
}

const most = 30;

interface Shown {
  readonly lines: readonly StatusLine[];
  readonly findings: readonly Finding[];
  readonly otherSets: readonly OtherSet[];
  readonly environment: string;
  /** The tool whose history is to be taken over first. */
  readonly adoptFrom: Tool | undefined;
  readonly working: readonly WorkingRun[];
}

function show(screen: Screen, shown: Shown): void {
  const { lines, findings, otherSets, working } = shown;
  const { style } = screen;
  const applied = lines.filter((line) => line.state === 'applied');
  const ahead = lines.filter((line) => line.state === 'ahead').length;
  const open = lines.length - applied.length - ahead;
  // The oldest applied migrations of a long history are folded; all others are always shown.
  const folded = Math.max(0, applied.length - most);
  const newest = new Set(applied.slice(folded));
  screen.answer('');
  if (folded > 0) screen.answer(style.dim(`  … ${countOf(folded, 'earlier migration')} applied`));
  screen.answer(
    table(
      lines.filter((line) => line.state !== 'applied' || newest.has(line)).map((line) => row(line, style)),
      [0, 1],
    ),
  );
  for (const { set, applied: count } of otherSets)
    screen.answer(
      style.dim(
        `  + ${countOf(count, 'migration')} of set ${set === defaultSet ? `${set} (projects without one)` : set}`,
      ),
    );
  if (working.length > 0) screen.answer('', ...workingLines(working, lines, style));
  if (lines.length === 0) screen.answer('  There are no migrations yet: `godwit new NAME` writes the first.');
  else if (open === 0)
    screen.answer('', `${style.green('✔')} ${countOf(lines.length, 'migration')} applied, nothing to do.`);
  else
    screen.answer(
      '',
      `${tally(lines)}.${findings.every(({ severity }) => severity !== 'error') ? ` Next: ${nextStep(shown)}.` : ''}`,
    );
}

/** Names the next command. A migration that is applied and also partly applied is one that `down` is undoing. */
function nextStep({ lines, environment, adoptFrom, working: [first] }: Shown): string {
  const name = environment === 'local' ? '' : ` -e ${environment}`;
  if (first !== undefined) return `\`godwit runs show${name} ${first.run}\` shows how far the run is`;
  if (adoptFrom !== undefined) return `\`godwit adopt --from ${adoptFrom}${name}\``;
  return lines.some(({ state, how }) => state === 'partial' && how !== undefined)
    ? `\`godwit down${name}\` finishes undoing it, \`godwit up --resume-up${name}\` reapplies what was undone`
    : `\`godwit up${name}\``;
}

/** `12 applied, 1 changed, 2 pending` */
function tally(lines: readonly StatusLine[]): string {
  const counts = new Map<string, number>();
  for (const { state } of lines) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
}

function row(line: StatusLine, style: Style): readonly string[] {
  const title = isBareId(line.id) ? line.name : `${line.id} ${line.name || '(its file is gone)'}`;
  if (line.state === 'applied' || line.state === 'ahead') {
    const when = `${localTime(line.at ?? '')} by ${line.by ?? ''}`;
    const from = line.from === undefined ? '' : ` from ${line.from}`;
    const how = style.dim(line.how === 'applied' ? when : `${line.how ?? ''}${from} ${when}`);
    const ahead = line.state === 'ahead' ? ` ${style.magenta('ahead of the files here')}` : '';
    return [`  ${style.green('✔')} ${title}`, `${how}${ahead}`];
  }
  const paint =
    line.state === 'pending'
      ? style.cyan
      : line.state === 'changed' || line.state === 'missing'
        ? style.red
        : style.magenta;
  return [`  ${paint(line.state === 'pending' ? '•' : '!')} ${title}`, paint(stateText(line))];
}

function stateText({ state, standsFor }: StatusLine): string {
  return standsFor === undefined ? state : `${state}: \`up\` records it in place of ${standsFor} that are applied`;
}
