import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { appliedNow, type History, type PartialStatement } from '../contract/history.ts';
import { isKept, largestKept } from '../contract/kept-down.ts';
import type { Analysis, Migration, Mode, Plan, PlanStep, Role, ScriptFile } from '../contract/model.ts';
import { judgeEmpty } from './judge-empty.ts';
import { needingOwnTransaction } from './needs-own-transaction.ts';
import type { Bundle, Hashing } from '../contract/ports.ts';
import type { Selection } from '../contract/task.ts';
import { isBareId, setIn, versionIn } from '../contract/migration-id.ts';
import type { AheadPolicy } from './ahead.ts';
import { canonicalJson } from './canonical.ts';
import { vanishedInPart, withoutFile } from './without-file.ts';
import type { Comparison } from './compare.ts';
import { planResuming } from './plan-resuming.ts';
import { judgeRecorded, recordedFinding, type RecordedDowns } from './recorded-downs.ts';
import { bundleInEffect } from './in-effect.ts';
import { select } from './select.ts';
import { compareByStatements, type ReadStatements } from './what-changed.ts';

/** A plan, the analyses it was made from, and its findings. */
export interface MadePlan {
  readonly plan: Plan;
  readonly comparison: Comparison;
  readonly analyses: ReadonlyMap<string, Analysis>;
  /** Warnings and notes; errors make the outcome fail. */
  readonly findings: readonly Finding[];
}

/** What a plan needs in addition to bundle and history. */
export interface PlanPorts {
  readonly hashing: Hashing;
  /** Reads the statements of an applied migration, to report what was changed in it. */
  readonly recorded: ReadStatements;
  /** What `up` does when the database is ahead of the folder. Default: `warn`. */
  readonly ahead?: AheadPolicy | undefined;
  /** The down texts that the history has stored; absent: the history is not available. */
  readonly downs?: RecordedDowns | undefined;
}

/**
 * Computes what would run now. Runs in the runner: only the runner can read the history.
 *
 * @param whole the migrations of the folder, or the standalone scripts named by the command
 * @param history what the target database says is applied
 * @param selection direction and limits
 */
export async function makePlan(
  whole: Bundle,
  history: History,
  selection: Selection,
  ports: PlanPorts,
): Promise<Outcome<MadePlan>> {
  const bundle = bundleInEffect(whole, history);
  const outOfOrder = selection.outOfOrder || selection.direction === 'down' || selection.resumeUp === true;
  const applied = new Set(appliedNow(history.rows).map(({ id }) => id));
  const vanished = withoutFile(stuckWithoutFile(history, selection, applied), bundle);
  if (vanished.length > 0) return err(...vanished.map((id) => vanishedInPart(id, applied.has(id))));
  const { recorded } = ports;
  // Undoing the newer migrations is the way back, so this is not a reason to refuse it.
  const ahead = selection.direction === 'up' ? ports.ahead : 'warn';
  const options = { outOfOrder, local: history.environment === 'local', recorded, ahead: ahead ?? 'warn' };
  const { comparison, findings: all, standsFor } = await compareByStatements(bundle, history, options);
  // Missing files do not prevent undoing the migrations that have one.
  const found = selection.direction === 'down' ? all.filter(({ code }) => !aboutFiles.has(code)) : all;
  if (found.some((finding) => finding.severity === 'error')) return err(...found);
  if (selection.resumeUp === true) {
    const resuming = await planResuming(bundle, history, comparison);
    if (!resuming.ok) return resuming;
    const { steps, analyses } = resuming.value;
    return ok({ plan: planOf(history, steps, ports.hashing, undefined), comparison, analyses, findings: found });
  }
  const selected = select(selection, comparison, bundle.migrations);
  if (!selected.ok) return selected;

  const role: Role = selection.direction;
  const errors: Finding[] = [...(await judgeRecorded(selected.value, comparison, ports.downs))];
  const warnings: Finding[] = [...found];
  const analyses = new Map<string, Analysis>();
  const steps: PlanStep[] = [];
  for (const migration of selected.value.migrations) {
    if (role === 'down' && migration.down === undefined) {
      errors.push(
        fault('down-missing', {
          where: { file: migration.up.file },
          why: 'The migration cannot be undone without one.',
          ...(migration.up.section === undefined ? {} : { fix: fixOfSection }),
        }),
      );
      continue;
    }
    const analysis = await bundle.analysis(migration, role);
    if (!analysis.ok) {
      errors.push(...analysis.findings);
      continue;
    }
    const companions = await companionFaults(bundle, migration, role);
    if (companions.length > 0) {
      errors.push(...companions);
      continue;
    }
    if (analysis.value.statements.length === 0) {
      const empty = await judgeEmpty(bundle, migration, role);
      (empty.severity === 'error' ? errors : warnings).push(empty);
      if (empty.severity === 'error') continue;
    }
    warnings.push(...analysis.value.findings);
    const replaced = standsFor.get(migration);
    if (replaced !== undefined && role === 'up') {
      steps.push(recordedStep(migration, replaced, analysis.value));
      continue;
    }
    if (migration.recorded === true)
      warnings.push(recordedFinding(migration, comparison.applied.find((one) => one.migration === migration)?.row));
    if (role === 'up' && migration.down !== undefined && !isKept(migration.down))
      warnings.push(notKept(migration.down));
    analyses.set(migration.id, analysis.value);
    if (role === 'down') warnings.push(...uncounted(analysis.value, migration.down?.file ?? migration.up.file));
    steps.push(stepOf(migration, role, analysis.value));
  }
  errors.push(...halfWay(history, selection, bundle));
  // One migration alone has its own transaction anyway.
  const tx = role === 'up' && selection.tx === 'all' && analyses.size > 1 ? 'all' : undefined;
  if (tx !== undefined) errors.push(...needingOwnTransaction(steps, analyses, history));
  if (errors.length > 0) return err(...errors);
  return ok({ plan: planOf(history, steps, ports.hashing, tx), comparison, analyses, findings: warnings });
}

/**
 * Partly applied migrations that need their file: a half-way rollback may continue with the text that the history has
 * stored.
 */
function stuckWithoutFile(
  { partial }: History,
  { direction }: Selection,
  applied: ReadonlySet<string>,
): readonly string[] {
  return partial
    .filter((note) => direction === 'up' || note.direction === 'up' || !applied.has(note.migration))
    .map(({ migration }) => migration);
}

const fixOfSection =
  'Write the way back into the file, below the mark that its tool has for it; `godwit down --draft VERSION` proposes one.';

/** Codes of a comparison's findings about migrations without a file. */
const aboutFiles: ReadonlySet<string> = new Set(['migration-missing', 'database-ahead']);

/** The finding about a down file that the history does not store: without its file the migration cannot be undone. */
export function notKept({ file, size }: ScriptFile): Finding {
  const why = `The file has ${size} bytes; the history keeps files of up to ${largestKept}.`;
  return fault('down-not-kept', { where: { file }, why });
}

/**
 * A migration is checked together with its companions: otherwise a broken verify or down file would be noticed when it
 * is needed most.
 */
async function companionFaults(bundle: Bundle, migration: Migration, role: Role): Promise<readonly Finding[]> {
  if (role !== 'up') return [];
  const roles = (['verify', 'down'] as const).filter((companion) => migration[companion] !== undefined);
  const analyses = await Promise.all(roles.map((companion) => bundle.analysis(migration, companion)));
  return analyses.flatMap((analysis) => (analysis.ok ? [] : analysis.findings));
}

/**
 * A partly applied migration continues in its own direction: before anything else is undone, and before success is
 * reported.
 */
function halfWay(history: History, selection: Selection, bundle: Bundle): readonly Finding[] {
  const files = new Map(bundle.migrations.map(({ id, up }) => [id, up.file]));
  const undone = new Set(history.partial.flatMap((note) => (note.direction === 'down' ? [note.migration] : [])));
  const turned = history.partial.filter(
    (note) => isTurned(note, selection, undone) || isOfAnotherSet(note.migration, bundle),
  );
  return [...new Set(turned.map(({ migration }) => migration))].flatMap((id) => {
    if (isOfAnotherSet(id, bundle)) return [halfWayElsewhere(id)];
    const file = files.get(id);
    if (file === undefined) return [];
    const [what, command] = selection.direction === 'up' ? ['undone', 'down'] : ['applied', 'up'];
    const why = `${file} is partly ${what}; \`godwit ${command}\` continues there.`;
    const other = command === 'down' ? ', or `godwit up --resume-up`, which reapplies what was undone' : '';
    return [fault('half-way', { where: { file }, why, fix: `Run \`godwit ${command}\` first${other}.` })];
  });
}

/** What `--resume-up` has started of a partly undone migration does not count as a direction of its own. */
function isTurned(
  { migration, direction }: PartialStatement,
  selection: Selection,
  undone: ReadonlySet<string>,
): boolean {
  return direction !== selection.direction && !(direction === 'up' && undone.has(migration));
}

function isOfAnotherSet(id: string, { set }: Pick<Bundle, 'set'>): boolean {
  return !isBareId(id) && setIn(id) !== set;
}

/**
 * What transactions wrote is described at the end of a run: two partly applied migrations could not be distinguished
 * then.
 */
function halfWayElsewhere(id: string): Finding {
  const why = `An earlier run left migration ${versionIn(id)} of set ${setIn(id)} unfinished.`;
  return fault('half-way', { why, fix: `Run the same command in the project of set ${setIn(id)} first.` });
}

/** What a down file does to rows without showing it in its text: such rows are not counted. */
function uncounted({ rows, statements }: Analysis, file: string): readonly Finding[] {
  return rows.flatMap((change) => {
    const { line = 1, column = 1, tag = '' } = statements[change.statement] ?? {};
    const where = { file, line, column };
    if (change.op === 'retype')
      return [
        fault('not-checked', {
          where,
          why: `The new type of column ${change.table.name}.${change.column} may not hold every value; values that it rounds or shortens are not counted.`,
          fix: 'Check the values before you run it.',
        }),
      ];
    if (change.op !== 'unseen') return [];
    const why =
      change.why === 'opaque'
        ? `${tag}: its text does not show which rows it destroys, so they are not counted.`
        : `${tag} … CASCADE: rows that it removes from other tables are not counted.`;
    return [fault('not-checked', { where, why, fix: 'Check what it does before you run it.' })];
  });
}

function planOf(history: History, steps: readonly PlanStep[], hashing: Hashing, tx: Plan['tx']): Plan {
  const together = tx === undefined ? {} : { tx };
  const content = {
    format: 1,
    environment: history.environmentId,
    head: history.head,
    ...together,
    steps: steps.map(({ id, checksum, mode, direction, resumes, standsFor }) => ({
      id,
      checksum,
      mode,
      direction,
      ...(resumes === true ? { resumes } : {}),
      ...(standsFor === undefined ? {} : { standsFor }),
    })),
  };
  const hash = hashing.sha256().update(canonicalJson(content)).hex();
  return { hash, environment: history.environmentId, head: history.head, ...together, steps };
}

function stepOf(migration: Migration, direction: 'up' | 'down', analysis: Analysis): PlanStep {
  const script = direction === 'up' ? migration.up : migration.down;
  const file = script?.file ?? migration.up.file;
  return {
    id: migration.id,
    name: migration.name,
    file,
    direction,
    checksum: (script ?? migration.up).checksum,
    ...(migration.recorded === true ? { recorded: true } : {}),
    mode: modeOf(analysis),
    statements: analysis.statements.reduce((sum, statement) => sum + statement.count, 0),
    does: tally(analysis),
    destroys: analysis.statements.flatMap((statement) =>
      statement.destroys === undefined
        ? []
        : [{ what: statement.destroys, where: { file, line: statement.line, column: statement.column } }],
    ),
  };
}

/** Nothing of a squashed migration is executed if everything that it replaces is applied. */
function recordedStep(migration: Migration, standsFor: number, analysis: Analysis): PlanStep {
  return { ...stepOf(migration, 'up', analysis), statements: 0, does: [], destroys: [], standsFor };
}

function modeOf(analysis: Analysis): Mode {
  if (analysis.directives.transaction === 'none') return 'none';
  const { segments } = analysis;
  if (segments.length <= 1 && segments[0]?.kind !== 'standalone') return 'transaction';
  return segments.every((segment) => segment.kind === 'standalone') ? 'none' : 'mixed';
}

function tally(analysis: Analysis): PlanStep['does'] {
  const counts = new Map<string, number>();
  for (const { tag, count } of analysis.statements) counts.set(tag, (counts.get(tag) ?? 0) + count);
  return [...counts].map(([tag, count]) => ({ tag, count }));
}
