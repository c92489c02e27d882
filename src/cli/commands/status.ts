import { nodeHashing } from '../../adapters/files/hashing.ts';
import type { Finding } from '../../kit/finding.ts';
import { appliedNow } from '../../migrate/contract/history.ts';
import type { HistoryRow } from '../../migrate/contract/history-rows.ts';
import { foreignNotice } from '../../migrate/contract/foreign-notice.ts';
import { defaultSet, isBareId, isOf, setIn, versionIn } from '../../migrate/contract/migration-id.ts';
import { compareVersions } from '../../migrate/read/file-name.ts';
import type { Tool } from '../../migrate/contract/tool.ts';
import { compareReported } from '../../migrate/plan/reported-statements.ts';
import type { Judged } from '../../migrate/plan/what-changed.ts';
import { judgeVanished, withoutFile } from '../../migrate/plan/without-file.ts';
import { defineCommand, type Run } from '../command.ts';
import { eventOf } from '../../operations/execute.ts';
import { operationOf, withProject } from '../execute.ts';
import { appliedQuery, look } from '../../operations/look-up.ts';
import { asOfData, targetOf } from '../known.ts';
import { text } from '../options/kinds.ts';
import { file, fresh } from '../options/shared.ts';
import { failed } from '../result.ts';
import type { Screen } from '../screen/screen-port.ts';
import { countOf, shortTime } from '../screen/format.ts';
import type { Style } from '../screen/style.ts';
import { table } from '../screen/table.ts';

export const spec = defineCommand({
  name: 'status',
  summary: 'Show which migrations are applied and which are pending',
  options: {
    file,
    fresh,
    compare: text('ENV,ENV', 'show what is applied in each of these environments (or `all`), and what one lacks'),
  },
  examples: [
    { type: 'godwit status', does: 'the local environment' },
    { type: 'godwit status --compare dev,prod', does: 'what dev has and prod lacks' },
    { type: 'godwit status -e prod --json', does: 'for scripts' },
  ],
});

export const run: Run<typeof spec> = async (context) => {
  const { options } = context;
  if (options.compare !== undefined) {
    const { compareEnvironments } = await import('./status/compare.ts');
    return await compareEnvironments(context, { compare: options.compare, fresh: options.fresh });
  }
  return await withProject(context, { file: options.file, fresh: options.fresh }, async (ready) => {
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
    show(context.screen, { lines, findings, otherSets, environment: project.environment.name, adoptFrom: next });
    const target = wired.target ?? targetOf(execution.events);
    const environment = { name: project.environment.name, protected: project.environment.protected, ...target };
    const pending = lines.filter(({ state }) => !settledStates.has(state)).length;
    // Drift does not fail `status`: it is a finding here, and stops `up`.
    return {
      exitCode: 0,
      outcome: 'done',
      findings,
      data: { environment, pending, migrations: lines, otherSets, ...asOfData(execution.known) },
    };
  });
};

/** One migration as `status` shows it. */
interface StatusLine {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly state: 'applied' | 'pending' | 'partial' | 'late' | 'changed' | 'missing' | 'ahead' | 'renamed';
  readonly how?: HistoryRow['kind'];
  readonly at?: string;
  readonly by?: string;
  readonly ms?: number;
  readonly run?: string;
  /** The tool that had applied it before godwit took it over. */
  readonly from?: string;
  /** For a squashed migration: the number of applied migrations in whose place `up` records it. */
  readonly standsFor?: number;
}

/** A set of another project, and the number of its applied migrations. */
interface OtherSet {
  readonly set: string;
  readonly applied: number;
}

function countSets(rows: readonly HistoryRow[]): readonly OtherSet[] {
  const counts = new Map<string, number>();
  for (const { id } of appliedNow(rows)) counts.set(setIn(id), (counts.get(setIn(id)) ?? 0) + 1);
  return [...counts].map(([set, applied]) => ({ set, applied }));
}

/** In these states, `up` has nothing left to do. */
const settledStates: ReadonlySet<StatusLine['state']> = new Set(['applied', 'missing', 'ahead']);

function linesOf(
  { comparison, standsFor }: Pick<Judged, 'comparison' | 'standsFor'>,
  partial: ReadonlySet<string>,
): readonly StatusLine[] {
  const late = new Set(comparison.late.map((migration) => migration.id));
  const changed = new Set(comparison.changed.map(({ migration }) => migration.id));
  const stateOf = (id: string): StatusLine['state'] =>
    partial.has(id) ? 'partial' : late.has(id) ? 'late' : 'pending';
  const lines: StatusLine[] = [
    ...[...comparison.applied, ...comparison.changed].map(({ migration, row }): StatusLine => ({
      id: migration.id,
      name: migration.name,
      file: migration.up.file,
      state: changed.has(migration.id) ? 'changed' : partial.has(migration.id) ? 'partial' : 'applied',
      ...factsOf(row),
    })),
    ...comparison.renamed
      .filter(({ migration, row }) => migration.id !== row.id)
      .map(({ migration, row }) => ({
        id: migration.id,
        name: migration.name,
        file: migration.up.file,
        state: 'renamed' as const,
        ...factsOf(row),
      })),
    ...[...comparison.missing, ...comparison.ahead].map((row): StatusLine => ({
      id: row.id,
      name: row.name,
      file: row.file,
      state: partial.has(row.id) ? 'partial' : comparison.ahead.includes(row) ? 'ahead' : 'missing',
      ...factsOf(row),
    })),
    ...comparison.pending.map((migration) => {
      const { id, name, up } = migration;
      const stands = standsFor.get(migration);
      return { id, name, file: up.file, state: stateOf(id), ...(stands === undefined ? {} : { standsFor: stands }) };
    }),
  ];
  return lines;
}

function bareLine(row: HistoryRow, partial: readonly string[]): StatusLine {
  const { id, name, file } = row;
  return { id, name, file, state: partial.includes(id) ? 'partial' : 'applied', ...factsOf(row) };
}

/** Partly applied migrations that are neither in the folder nor applied: removed files and standalone scripts. */
function unseen(
  partial: readonly string[],
  lines: readonly StatusLine[],
  layout: 'native' | 'bare',
): readonly StatusLine[] {
  if (layout === 'bare') return [];
  const shown = new Set(lines.map(({ id }) => id));
  return [...new Set(partial)]
    .filter((id) => !shown.has(id))
    .map((id) => ({
      id,
      name: isBareId(id) ? versionIn(id) : '',
      file: '',
      state: 'partial' as const,
    }));
}

function factsOf({
  kind,
  at,
  by,
  ms,
  run,
  from,
}: HistoryRow): Pick<StatusLine, 'how' | 'at' | 'by' | 'ms' | 'run' | 'from'> {
  return { how: kind, at, by, ms, run, ...(from === undefined ? {} : { from }) };
}

function byVersion(a: string, b: string): number {
  if (isBareId(a) || isBareId(b)) return a < b ? -1 : 1;
  return compareVersions(versionIn(a), versionIn(b)) || (a < b ? -1 : 1);
}

const most = 30;

interface Shown {
  readonly lines: readonly StatusLine[];
  readonly findings: readonly Finding[];
  readonly otherSets: readonly OtherSet[];
  readonly environment: string;
  /** The tool whose history is to be taken over first. */
  readonly adoptFrom: Tool | undefined;
}

function show(screen: Screen, { lines, findings, otherSets, environment, adoptFrom }: Shown): void {
  const { style } = screen;
  const applied = lines.filter((line) => line.state === 'applied');
  const ahead = lines.filter((line) => line.state === 'ahead').length;
  const open = lines.length - applied.length - ahead;
  // The oldest applied migrations of a long history are folded; all others are always shown.
  const folded = Math.max(0, applied.length - most);
  const hidden = new Set(applied.slice(0, folded));
  screen.answer('');
  if (folded > 0) screen.answer(style.dim(`  … ${countOf(folded, 'earlier migration')} applied`));
  screen.answer(
    table(
      lines.filter((line) => !hidden.has(line)).map((line) => row(line, style)),
      [0, 1],
    ),
  );
  for (const { set, applied: count } of otherSets)
    screen.answer(
      style.dim(
        `  + ${countOf(count, 'migration')} of set ${set === defaultSet ? `${set} (projects without one)` : set}`,
      ),
    );
  if (lines.length === 0) screen.answer('  There are no migrations yet: `godwit new NAME` writes the first.');
  else if (open === 0)
    screen.answer('', `${style.green('✔')} ${countOf(lines.length, 'migration')} applied, nothing to do.`);
  else
    screen.answer(
      '',
      `${tally(lines)}.${findings.every(({ severity }) => severity !== 'error') ? ` Next: ${nextStep(lines, environment, adoptFrom)}.` : ''}`,
    );
}

/** Names the next command. A migration that is applied and also partly applied is one that `down` is undoing. */
function nextStep(lines: readonly StatusLine[], environment: string, adoptFrom: Tool | undefined): string {
  const name = environment === 'local' ? '' : ` -e ${environment}`;
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
    const when = `${shortTime(line.at ?? '')} by ${line.by ?? ''}`;
    const from = line.from === undefined ? '' : ` from ${line.from}`;
    const how = style.dim(line.how === 'applied' ? when : `${line.how ?? ''}${from} ${when}`);
    const ahead = line.state === 'ahead' ? ` ${style.yellow('ahead of the files here')}` : '';
    return [`  ${style.green('✔')} ${title}`, `${how}${ahead}`];
  }
  const paint =
    line.state === 'pending'
      ? style.cyan
      : line.state === 'changed' || line.state === 'missing'
        ? style.red
        : style.yellow;
  return [`  ${paint(line.state === 'pending' ? '•' : '!')} ${title}`, paint(stateText(line))];
}

function stateText({ state, standsFor }: StatusLine): string {
  return standsFor === undefined ? state : `${state}: \`up\` records it in place of ${standsFor} that are applied`;
}
