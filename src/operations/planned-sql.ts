import type { Analysis, Migration, Plan, PlanStep, Segment, Statement } from '../migrate/contract/model.ts';
import type { LockPolicy } from '../migrate/contract/lock-policy.ts';
import type { Bundle, ByteSource } from '../migrate/contract/ports.ts';
import { readOnly, sessionReset, settling, stepReset, timeouts } from '../migrate/runner/apply/message.ts';
import { settingsBefore } from '../migrate/runner/apply/step-message.ts';
import { placesOf, release, type Together } from '../migrate/runner/apply/together.ts';
import { lockSettings, sessionLockSetting } from '../migrate/runner/lock-waits/lock-settings.ts';

/** Statements, or data of a COPY, above this size in bytes are named and not shown. */
const largest = 256 * 1024;

/**
 * The SQL that a run of the plan would execute: the statements in the user's own bytes, each with its place, and what
 * godwit puts around them, marked by a comment. Its own questions (the guard, times, looks at the catalogue) are told as
 * comments.
 */
export async function plannedSql(
  plan: Plan,
  bundle: Bundle,
  { environment, locks }: { readonly environment: string; readonly locks: LockPolicy },
): Promise<string> {
  if (plan.steps.length === 0) return '-- Nothing to do: nothing is pending.\n';
  const { direction = 'up' } = plan.steps[0] ?? {};
  const count = plan.steps.length === 1 ? '1 migration' : `${plan.steps.length} migrations`;
  const lines = [
    `-- What \`godwit ${direction}${plan.tx === 'all' ? ' --tx all' : ''}\` would execute in environment ${environment}: ${count}, plan ${plan.hash.slice(0, 12)}.`,
    '-- Lines marked `-- godwit` are added by godwit. Its looks at history and catalogue are left out.',
  ];
  const places = plan.tx === 'all' ? await togetherOf(plan, bundle) : new Map<PlanStep, Together>();
  for (const step of plan.steps)
    lines.push('', ...(await stepSql(step, bundle, { locks, together: places.get(step) })));
  return `${lines.join('\n').replaceAll(unsafe, '\uFFFD')}\n`;
}

/** Characters that could steer a terminal, or hide from a reader what is executed. */
const unsafe = /[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069]/gu;

/** The places of the steps that share one transaction. */
async function togetherOf(plan: Plan, bundle: Bundle): Promise<ReadonlyMap<PlanStep, Together>> {
  const sharing: { readonly step: PlanStep; readonly analysis: Analysis }[] = [];
  for (const step of plan.steps.filter(({ standsFor }) => standsFor === undefined)) {
    const migration = bundle.migrations.find(({ id }) => id === step.id);
    const analysis = migration === undefined ? undefined : await bundle.analysis(migration, step.direction);
    if (analysis?.ok === true) sharing.push({ step, analysis: analysis.value });
  }
  return new Map(
    placesOf(sharing).flatMap((place, index) => {
      const step = sharing[index]?.step;
      return step === undefined ? [] : [[step, place] as const];
    }),
  );
}

async function stepSql(
  step: PlanStep,
  bundle: Bundle,
  { locks, together }: { readonly locks: LockPolicy; readonly together: Together | undefined },
): Promise<readonly string[]> {
  const title = `-- ${step.id.startsWith('file:') ? '' : `${step.id} `}${step.name}: ${step.file}`;
  if (step.standsFor !== undefined)
    return [title, `-- godwit: recorded in place of ${step.standsFor} applied migrations; nothing is executed.`];
  const migration = bundle.migrations.find(
    (one) => one.id === step.id && scriptOf(one, step)?.checksum === step.checksum,
  );
  if (migration === undefined || step.recorded === true)
    return [title, '-- godwit: the text is the one that the history has stored; it is not in the folder.'];
  const analysis = await bundle.analysis(migration, step.direction);
  if (!analysis.ok) return [title];
  const body = await bundle.body(migration, step.direction);
  const prepared = { analysis: analysis.value, body, locks, together };
  const lines = [title];
  if (step.resumes === true) lines.push('-- godwit: only what the unfinished `down` has undone of it is executed.');
  const { segments } = prepared.analysis;
  for (const [index, segment] of segments.entries()) {
    const record = index === segments.length - 1 ? ['-- godwit: records the migration in the history'] : [];
    if (index > 0) lines.push('');
    lines.push(
      ...(segment.kind === 'standalone'
        ? await standaloneSql(prepared, segment, step.file)
        : await transactionSql(prepared, segment, { step, record })),
      ...(segment.kind === 'standalone' ? record : []),
    );
  }
  return lines;
}

function scriptOf(migration: Migration, { direction }: PlanStep) {
  return direction === 'up' ? migration.up : migration.down;
}

interface ShownStep {
  readonly analysis: Analysis;
  readonly body: ByteSource;
  readonly locks: LockPolicy;
  readonly together: Together | undefined;
}

async function transactionSql(
  shown: ShownStep,
  segment: Segment,
  { step, record }: { readonly step: PlanStep; readonly record: readonly string[] },
): Promise<readonly string[]> {
  const { analysis, together } = shown;
  const { isolation, readOnly: isReadOnly } = segment.modes ?? {};
  const guarded = step.direction === 'down';
  const waits = lockSettings(shown, segment, { guarded, held: together?.held === true });
  const lines = own(together === undefined || together.place === 1 ? sessionReset.commands : stepReset.commands);
  if (together?.place === 1) lines.push(...own(stepReset.commands.slice(0, 1)));
  if (isolation !== undefined) lines.push(...own([`SET TRANSACTION ISOLATION LEVEL ${isolation}`]));
  lines.push(...own(timeouts(analysis, 'LOCAL')), ...own(await settingsBefore(shown, segment.first)));
  if (guarded) lines.push('-- godwit: locks the tables concerned and counts the rows that would be lost');
  if (isReadOnly === true) lines.push(...own(readOnly.before));
  for (let index = segment.first; index <= segment.last; index += 1) {
    const statement = analysis.statements[index];
    if (statement === undefined) continue;
    const wait = waits.get(index);
    lines.push(...(wait === undefined ? [] : own([wait])), ...(await statementSql(shown.body, statement, step.file)));
  }
  if (isReadOnly === true) lines.push(...own(readOnly.after));
  const ended = together === undefined ? [] : [release];
  const committed = together === undefined || together.place === together.of ? ['COMMIT'] : [];
  return [...lines, '', ...own(settling), ...record, ...own([...ended, ...committed])];
}

async function standaloneSql(shown: ShownStep, segment: Segment, file: string): Promise<readonly string[]> {
  const statement = shown.analysis.statements[segment.first];
  if (statement === undefined) return [];
  return [
    '-- godwit: notes in the history that the statement begins; it runs outside any transaction',
    ...own(sessionLockSetting(statement, shown.locks)),
    ...own(timeouts(shown.analysis, 'SESSION')),
    ...own(await settingsBefore(shown, segment.first)),
    ...(await statementSql(shown.body, statement, file)),
    '-- godwit: looks whether it took effect, and notes that',
  ];
}

/** Godwit's own commands, marked. */
function own(commands: readonly string[]): string[] {
  return commands.map((command) => `${command.trim()}; -- godwit`);
}

/** A statement with its comments, below its place. */
async function statementSql(body: ByteSource, statement: Statement, file: string): Promise<readonly string[]> {
  const { start, end, line, column, tag, count, data } = statement;
  const place = `-- ${file}:${line}:${column}`;
  const bytes = end - start + (data === undefined ? 0 : data.end - data.start);
  if (bytes > largest) return ['', place, `-- ${count === 1 ? tag : `${count} × ${tag}`}: ${bytes} bytes, not shown`];
  const decoder = new TextDecoder();
  const text = decoder.decode(await body.read(start, end)).replaceAll('\r\n', '\n');
  const rows = data === undefined ? [] : [`${decoder.decode(await body.read(data.start, data.end))}\\.`];
  return ['', place, `${text.trim()};`, ...rows];
}
