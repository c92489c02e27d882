import { fault } from '../../../kit/fault.ts';
import type { Finding, Place } from '../../../kit/finding.ts';
import type { PlanStep } from '../../contract/model.ts';
import type { ApplyTask, Selection } from '../../contract/task.ts';
import type { AdoptionRecord } from './adoption-record.ts';
import { planClaimed } from './foreign/plan-claimed.ts';
import type { ForeignClaim } from './foreign/match-entries.ts';
import { judgeAdoption, type AdoptionDifference, type FoundObject, type Judgement } from './judge.ts';
import type { Rehearsed, RehearsedStep } from '../../contract/rehearsed.ts';
import { describeDifference } from './describe-difference.ts';

/** What is recorded of the migrations to adopt, and the findings about the rest. */
export interface AdoptionPlan {
  /** In their order. */
  readonly records: readonly AdoptionRecord[];
  /** An error stops the run after the records. */
  readonly findings: readonly Finding[];
  readonly judgement: Judgement | undefined;
}

/** Options of an adoption. */
export interface AdoptionOptions {
  readonly how: ApplyTask['how'];
  readonly selection: Pick<Selection, 'only' | 'to'>;
  readonly environment: string;
  /** Present: what another tool says is applied; only that is recorded. */
  readonly claim?: ForeignClaim | undefined;
}

const mostDifferences = 200;

/**
 * Decides which migrations are recorded: the longest beginning after which everything agrees. A migration that changes
 * rows, or cannot be rehearsed, is recorded only if it is named, or up to `--baseline`, and then without proof.
 *
 * @param steps the migrations to adopt, in their order
 * @param rehearsed what they make; absent: no throwaway server was available, and everything is recorded without proof
 * @param found what the target has under their names
 */
export function planAdoption(
  steps: readonly PlanStep[],
  rehearsed: Rehearsed | undefined,
  found: ReadonlyMap<string, FoundObject>,
  options: AdoptionOptions,
): AdoptionPlan {
  const all = (kind: 'baseline') => steps.map(({ id }) => ({ id, kind }));
  if (rehearsed === undefined) return { records: all('baseline'), findings: [], judgement: undefined };
  const indexes = new Map(rehearsed.steps.map(({ id }, index) => [id, index]));
  const asked = new Set(steps.flatMap(({ id }) => indexes.get(id) ?? []));
  const judgement = judgeAdoption(rehearsed, found, (step) => asked.has(step));
  const context = { rehearsed, judgement, indexes, options };
  if (options.how === 'baseline')
    return { records: all('baseline'), judgement, findings: baselineFindings(context, steps) };
  const { claim, environment } = options;
  if (claim === undefined) return { ...walk(context, steps), judgement };
  const claimed = planClaimed(
    {
      claim,
      rehearsed,
      judgement,
      environment,
      differences: () => judgement.differences.slice(0, mostDifferences).map((one) => notProven(rehearsed, one)),
      notRehearsed: () => notRehearsed(rehearsed.stopped?.finding, options),
    },
    steps,
  );
  return { records: claimed.records, findings: [...notesOf(judgement), ...claimed.findings], judgement };
}

interface AdoptionContext {
  readonly rehearsed: Rehearsed;
  readonly judgement: Judgement;
  readonly indexes: ReadonlyMap<string, number>;
  readonly options: AdoptionOptions;
}

function baselineFindings({ rehearsed, judgement }: AdoptionContext, steps: readonly PlanStep[]): readonly Finding[] {
  const warn = (finding: Finding): Finding => ({ ...finding, severity: 'warning' });
  const last = rehearsed.steps.length - 1;
  const missing = judgement.proven === last ? [] : judgement.differences.map((one) => warn(notProven(rehearsed, one)));
  const { stopped } = rehearsed;
  return [
    ...missing.slice(0, mostDifferences),
    ...(stopped === undefined || !steps.some(({ id }) => id === stopped.id)
      ? []
      : [warn(notRehearsed(stopped.finding))]),
  ];
}

function walk(context: AdoptionContext, steps: readonly PlanStep[]): Omit<AdoptionPlan, 'judgement'> {
  const { rehearsed, judgement, indexes, options } = context;
  const records: { id: string; kind: 'adopted' | 'baseline' }[] = [];
  const findings: Finding[] = notesOf(judgement);
  const named = options.selection.only !== undefined;
  for (const step of steps) {
    const index = indexes.get(step.id);
    const rehearsedStep = index === undefined ? undefined : rehearsed.steps[index];
    if (index === undefined || rehearsedStep === undefined) {
      const why = rehearsed.stopped?.finding;
      if (rehearsed.stopped?.id !== step.id && !named) break;
      if (!named) return { records, findings: [...findings, notRehearsed(why, options), ...nearby(context)] };
      findings.push({ ...notRehearsed(why), where: { file: step.file }, severity: 'warning' });
      records.push({ id: step.id, kind: 'baseline' });
      continue;
    }
    const { rows } = rehearsedStep;
    const known = index <= judgement.proven;
    // A migration that only makes rows, after the proven ones: whether it has run is unknown.
    const silent = !rehearsed.objects.some(({ states }) => states.some((state) => state.step === index));
    if (rows !== undefined && (known || silent)) {
      const next = !known && records.length === 0 && judgement.proven < 0;
      if (!named && !next)
        return { records, findings: [...findings, ...allRows(context, steps, step), ...nearby(context)] };
      if (named) {
        findings.push(namedRows(rehearsedStep));
        records.push({ id: step.id, kind: 'baseline' });
        continue;
      }
    }
    if (!known) return { records, findings: [...findings, ...rest(context, step)] };
    records.push({ id: step.id, kind: 'adopted' });
  }
  return { records, findings };
}

/** The differences after the proven migrations, as context for the finding that stopped the adoption. */
function nearby({ rehearsed, judgement }: AdoptionContext): readonly Finding[] {
  if (!judgement.started) return [];
  return judgement.differences
    .slice(0, mostDifferences)
    .map((one) => ({ ...notProven(rehearsed, one), severity: 'warning' as const }));
}

/** The finding about the rest: it does not exist, or differs. */
function rest({ rehearsed, judgement, options }: AdoptionContext, step: PlanStep): readonly Finding[] {
  const differences = judgement.differences.slice(0, mostDifferences).map((one) => notProven(rehearsed, one));
  // The database may be ahead of what could be rehearsed.
  const { stopped } = rehearsed;
  if (judgement.started && differences.length > 0)
    return [...differences, ...(stopped === undefined ? [] : [notRehearsed(stopped.finding, options)])];
  const where = { file: step.file };
  const why = `Nothing of ${step.file} is in the database.`;
  const plan = { fix: `Run \`godwit plan${environmentOption(options)}\` to see what is left.` };
  if (options.selection.only !== undefined || judgement.proven < 0)
    return [fault('adopt-not-proven', { where, why, ...plan })];
  return [fault('adopt-next', { where, why: `${why} The migrations before it were recorded.`, ...plan })];
}

function notProven(rehearsed: Rehearsed, { object, step, expected, found }: AdoptionDifference): Finding {
  const why = describeDifference(`${object.kind} ${object.name}`, {
    first: ['expected', expected],
    second: ['found', found],
  });
  return fault('adopt-not-proven', { where: { file: rehearsed.steps[step]?.file ?? '' }, why });
}

function notRehearsed(finding: Finding | undefined, options?: AdoptionOptions): Finding {
  const where = finding?.where === undefined ? {} : { where: finding.where };
  const why = `On a throwaway server: ${finding?.why ?? 'a migration before it failed.'}`;
  const { fix } = fault('adopt-not-rehearsed');
  return fault('adopt-not-rehearsed', {
    why,
    ...where,
    fix: fix.replaceAll('adopt ', `adopt${environmentOption(options)} `),
  });
}

/** All such migrations from this one on, so that one decision covers them all. */
function allRows(
  { rehearsed, judgement, indexes, options }: AdoptionContext,
  steps: readonly PlanStep[],
  from: PlanStep,
): readonly Finding[] {
  const end = Math.max(judgement.proven, indexes.get(from.id) ?? 0);
  const left = steps.slice(steps.indexOf(from)).filter(({ id }) => (indexes.get(id) ?? end + 1) <= end);
  const option = environmentOption(options);
  const names = left.map(({ id }) => id).join(' ');
  const fix = `If ${left.length === 1 ? 'it has' : 'they have'} run: \`godwit adopt${option} ${names}\` records ${left.length === 1 ? 'it' : 'them'} without proof. If not, \`godwit plan${option}\` shows what is left.`;
  return left.flatMap(({ id }) => {
    const step = rehearsed.steps[indexes.get(id) ?? -1];
    if (step?.rows === undefined) return [];
    const why = `${step.rows.tag} may change rows, and the system catalogue does not show whether it has run.`;
    return [fault('adopt-rows', { where: rowStatementPlace(step), why, fix })];
  });
}

function namedRows(step: RehearsedStep): Finding {
  return fault('adopt-rows', {
    severity: 'warning',
    where: rowStatementPlace(step),
    why: `You named the migration, so it was recorded without proof: the system catalogue does not show whether ${step.rows?.tag ?? 'its statement'} has run.`,
    fix: 'If it has not, run the statement by hand.',
  });
}

function rowStatementPlace({ file, rows }: RehearsedStep): Place {
  return { file, ...(rows === undefined ? {} : { line: rows.line, column: rows.column }) };
}

function environmentOption(options: Pick<AdoptionOptions, 'environment'> | undefined): string {
  return options === undefined || options.environment === 'local' ? '' : ` -e ${options.environment}`;
}

function notesOf({ notes }: Judgement): Finding[] {
  if (notes.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { part, expected } of notes) {
    const what = part ?? expected;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const list = [...counts].map(([part, count]) => (count === 1 ? part : `${part} ×${count}`)).join(', ');
  const [first] = notes;
  const example =
    first === undefined ? '' : ` For example, ${first.object.name}: ${first.expected}, found ${first.found}.`;
  return [fault('adopt-differs', { why: `${list}.${example}` })];
}
