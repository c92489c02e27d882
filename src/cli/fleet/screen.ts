import type { Finding } from '../../kit/finding.ts';
import type { FleetPlan, PlanGroup } from '../../operations/fleet/plan-fleet.ts';
import { isStopped, type FleetEnd, type MemberEnd } from '../../operations/fleet/member-end.ts';
import { placeText } from '../screen/finding.ts';
import { countOf, duration } from '../screen/format.ts';
import type { Screen } from '../screen/screen-port.ts';
import type { Style } from '../screen/style.ts';
import { table, type Line } from '../screen/table.ts';

/** So many databases are listed; --json lists all. */
const most = 30;

/** Shows the failure of one database at once; what several of them have in common is explained once. */
export function createFailures(screen: Screen): (end: MemberEnd) => void {
  const explained = new Set<string>();
  return (end) => {
    const { style } = screen;
    const { member, findings } = end;
    if (isStopped(end)) return;
    screen.say(
      '',
      `${style.red('✘')} ${style.bold(member.name)}${findings.map((one) => style.dim(` ${shortly(one)}`)).join('')}`,
    );
    for (const finding of findings) {
      if (explained.has(shortly(finding))) continue;
      explained.add(shortly(finding));
      screen.finding(finding);
    }
  };
}

/** `[unique-violation] migrations/3_x.sql:2` */
function shortly({ code, where }: Finding): string {
  return `[${code}]${where === undefined ? '' : ` ${placeText(where)}`}`;
}

/** What would run in how many databases. */
export function planLines({ groups, failed, left }: FleetPlan, style: Style): readonly Line[] {
  return [
    '',
    ...groups.flatMap((group) => groupLines(group, style)),
    ...(failed.length === 0
      ? []
      : [
          `${style.red('✘')} ${countOf(failed.length, 'database')}: something is in the way`,
          ...failedLines(failed, style),
          ...reasonLines(failed, style),
        ]),
    ...(left.length === 0 ? [] : [style.dim(`  ${countOf(left.length, 'database')} not asked`)]),
  ];
}

function groupLines({ steps, members }: PlanGroup, style: Style): readonly Line[] {
  const databases = countOf(members.length, 'database');
  if (steps.length === 0) return [`${style.green('✔')} ${databases}: nothing to do`];
  return [
    `${style.cyan('•')} ${databases}: ${countOf(steps.length, 'migration')}`,
    table(
      steps.map((step) => [
        `    ${versionOf(step.id)} ${step.name}`,
        style.dim(step.destroys.map(({ what }) => what).join(', ')),
      ]),
      [0],
    ),
    style.dim(`    ${someNames(members.map(({ name }) => name))}`),
  ];
}

/** The ids of schemas begin with their names, which differ. */
function versionOf(id: string): string {
  return id.slice(id.indexOf(':') + 1);
}

const mostNames = 5;

function someNames(names: readonly string[]): string {
  const shown = names.slice(0, mostNames).join(', ');
  return names.length > mostNames ? `${shown}, … and ${names.length - mostNames} more` : shown;
}

/** The summary: how many of each, and each failure with its code and place. */
export function summaryLines(
  { ends }: FleetEnd,
  style: Style,
  { ms, command }: { readonly ms: number; readonly command: 'up' | 'verify' },
): readonly Line[] {
  const changed = new Map<number, number>();
  for (const { exitCode, applied } of ends)
    if (exitCode === 0 && applied > 0) changed.set(applied, (changed.get(applied) ?? 0) + 1);
  const count = (isIt: (end: MemberEnd) => boolean): number => ends.filter(isIt).length;
  const idle = count(({ exitCode, applied, outcome }) => exitCode === 0 && applied === 0 && outcome !== 'not-started');
  const waiting = ends.filter(({ outcome }) => outcome === 'not-started');
  const stopped = ends.filter(isStopped);
  const failed = ends.filter((end) => end.exitCode !== 0 && !isStopped(end));
  return [
    '',
    ...[...changed]
      .sort(([, a], [, b]) => b - a)
      .map(
        ([applied, many]) =>
          `${style.green('✔')} ${countOf(many, 'database')}: ${countOf(applied, 'migration')} applied`,
      ),
    ...(idle === 0
      ? []
      : [`${style.green('✔')} ${countOf(idle, 'database')}: ${command === 'up' ? 'nothing to do' : 'as applied'}`]),
    ...(failed.length === 0
      ? []
      : [`${style.red('✘')} ${countOf(failed.length, 'database')}: failed`, ...failedLines(failed, style)]),
    ...(stopped.length === 0
      ? []
      : [
          `${style.magenta('!')} ${countOf(stopped.length, 'database')}: interrupted`,
          style.dim(`    ${someNames(stopped.map(({ member }) => member.name))}`),
        ]),
    ...(waiting.length === 0
      ? []
      : [
          `${style.magenta('!')} ${countOf(waiting.length, 'database')}: not begun`,
          style.dim(`    ${someNames(waiting.map(({ member }) => member.name))}`),
        ]),
    style.dim(`  ${duration(ms)}`),
    ...(failed.length + stopped.length + waiting.length === 0 || command !== 'up'
      ? []
      : ['', 'The same command resumes: what is applied stays, and databases that have everything are skipped.']),
  ];
}

function failedLines(failed: readonly MemberEnd[], style: Style): readonly Line[] {
  const rows = failed
    .slice(0, most)
    .map(({ member, outcome, findings: [first] }) => [
      `    ${member.name}`,
      style.red(outcome),
      first === undefined
        ? ''
        : style.dim(`${first.code}${first.where === undefined ? '' : ` ${placeText(first.where)}`}`),
    ]);
  const more = failed.length - rows.length;
  return [table(rows, [0]), ...(more > 0 ? [style.dim(`    … and ${more} more; --json lists all`)] : [])];
}

/** Why, once for each code. */
function reasonLines(failed: readonly MemberEnd[], style: Style): readonly Line[] {
  const whys = new Map<string, string>();
  for (const { findings } of failed) for (const { code, why } of findings) if (!whys.has(code)) whys.set(code, why);
  return [
    ...[...whys].map(([code, why]) => `    ${code}: ${why}`),
    ...(whys.size === 0 ? [] : [style.dim('    `godwit explain CODE` says what to do about each.')]),
  ];
}
