import { fault } from '../../../kit/fault.ts';
import { pendingExit } from '../../../kit/exit-code.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { appliedNow } from '../../../migrate/contract/history.ts';
import type { HistoryRow } from '../../../migrate/contract/history-rows.ts';
import { isBareId, isOf } from '../../../migrate/contract/migration-id.ts';
import { environmentNames } from '../../../project/every-environment.ts';
import type { KnownResult } from '../../../operations/questions.ts';
import type { Context, Result } from '../../command.ts';
import { eventOf } from '../../../operations/execute.ts';
import { operationOf, withProject } from '../../execute.ts';
import { appliedQuery, look } from '../../../operations/look-up.ts';
import { ageText, asOfData } from '../../known.ts';
import { done, failed } from '../../result.ts';
import { aligned, countOf } from '../../screen/format.ts';
import { localTime } from '../../screen/local-time.ts';
import type { Style } from '../../screen/style.ts';

/** The applied migrations of one environment. */
interface AppliedInEnvironment {
  readonly name: string;
  readonly applied: readonly HistoryRow[];
  readonly known?: KnownResult;
}

/** The differences between two environments. */
interface Gap {
  readonly environment: string;
  readonly than: string;
  readonly lacks: readonly HistoryRow[];
  /** Applied in both environments, but from files with different bytes. */
  readonly differs: readonly HistoryRow[];
}

/** The typed options. */
interface CompareOptions {
  /** `dev,prod`, or `all` */
  readonly compare: string;
  readonly fresh: boolean;
  /** True: a difference ends the command with 3. */
  readonly exitCode: boolean;
}

/** `godwit status --compare dev,prod`: shows what each environment has applied, and what one lacks. */
export async function compareEnvironments(context: Context, options: CompareOptions): Promise<Result> {
  const names = await namesOf(context, options.compare);
  if (!names.ok) return failed(names.findings);
  const environments: AppliedInEnvironment[] = [];
  const findings: Finding[] = [];
  for (const name of names.value) {
    const there = { ...context, globals: { ...context.globals, env: name } };
    const result = await withProject(there, { fresh: options.fresh }, async (ready) => {
      const execution = await look(operationOf(there, ready), appliedQuery(ready.project, ready.actor));
      const history = eventOf(execution, 'history');
      if (!history.ok) return failed(history.findings);
      const { known } = execution;
      if (known === undefined) findings.push(...execution.findings);
      const rows = history.value.rows.filter(({ id }) => isBareId(id) || isOf(id, ready.wired.bundle));
      environments.push({ name, applied: appliedNow(rows), ...(known === undefined ? {} : { known }) });
      return done({});
    });
    if (result.exitCode !== 0) return result;
  }
  const gaps = gapsBetween(environments);
  const { screen } = context;
  screen.answer(
    '',
    ...aligned(environments.map((one) => appliedLine(one, screen.style))),
    ...gapLines(gaps, screen.style),
  );
  const data = {
    environments: environments.map(({ name, applied, known }) => ({
      name,
      applied: applied.length,
      newest: applied.at(-1)?.id ?? '',
      ...asOfData(known),
    })),
    gaps: gaps.map(({ environment, than, lacks, differs }) => ({
      environment,
      than,
      lacks: lacks.map(briefly),
      differs: differs.map(briefly),
    })),
  };
  const result = done(data, findings);
  return options.exitCode && gaps.length > 0 ? { ...result, exitCode: pendingExit } : result;
}

async function namesOf({ globals, io }: Context, compare: string): Promise<Outcome<readonly string[]>> {
  const { env, config } = globals;
  const all = await environmentNames({ cwd: io.cwd, ...(config === undefined ? {} : { configFile: config }) });
  if (!all.ok) return all;
  const typedNames = compare.split(',').map((name) => name.trim());
  const wanted = compare === 'all' ? all.value : [...(env === undefined ? [] : [env]), ...typedNames];
  const names = [...new Set(wanted)].filter((name) => name !== '');
  if (names.length >= 2) return ok(names);
  const why = `--compare ${compare}: two environments are needed, as in --compare dev,prod, or \`all\`.`;
  return err(fault('wrong-usage', { why }));
}

/** Returns what each environment lacks, compared with each other one; without pairs that do not differ. */
function gapsBetween(environments: readonly AppliedInEnvironment[]): readonly Gap[] {
  return environments.flatMap((one) =>
    environments.flatMap((other) => {
      if (one === other) return [];
      const own = new Map(one.applied.map((row) => [row.id, row]));
      const lacks = other.applied.filter(({ id }) => !own.has(id));
      // Only the first of the two environments reports a difference.
      const first = environments.indexOf(one) < environments.indexOf(other);
      const differs = other.applied.filter(
        ({ id, checksum }) => first && own.has(id) && own.get(id)?.checksum !== checksum,
      );
      if (lacks.length + differs.length === 0) return [];
      return [{ environment: one.name, than: other.name, lacks, differs }];
    }),
  );
}

function appliedLine({ name, applied, known }: AppliedInEnvironment, style: Style): readonly string[] {
  const newest = applied.at(-1);
  const last = newest === undefined ? '' : `newest ${newest.id} ${newest.name}`;
  return [
    `  ${style.bold(name)}`,
    `${countOf(applied.length, 'migration')} applied`,
    last,
    known === undefined ? style.dim('now') : style.dim(ageText(known, Date.now())),
  ];
}

function gapLines(gaps: readonly Gap[], style: Style): readonly string[] {
  if (gaps.length === 0) return ['', `${style.green('✔')} The same migrations are applied in all of them.`];
  return gaps.flatMap(({ environment, than, lacks, differs }) => [
    ...(lacks.length === 0
      ? []
      : [
          '',
          `${style.bold(environment)} lacks ${countOf(lacks.length, 'migration')} that ${style.bold(than)} has:`,
          ...aligned(lacks.map((row) => [`  ${style.cyan('•')} ${row.id} ${row.name}`, since(row, than, style)])),
        ]),
    ...(differs.length === 0
      ? []
      : [
          '',
          `${style.bold(environment)} and ${style.bold(than)} have applied different files as:`,
          ...differs.map((row) => `  ${style.red('!')} ${row.id} ${row.name}`),
        ]),
  ]);
}

function since({ at, by }: HistoryRow, environment: string, style: Style): string {
  return style.dim(`in ${environment} since ${localTime(at)} by ${by}`);
}

function briefly({ id, name, file, checksum, at, by }: HistoryRow): Readonly<Record<string, string>> {
  return { id, name, file, checksum, at, by };
}
