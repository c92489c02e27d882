import { fault } from '../../../../kit/fault.ts';
import type { Finding } from '../../../../kit/finding.ts';
import type { PlanStep } from '../../../contract/model.ts';
import type { Rehearsed } from '../../../contract/rehearsed.ts';
import { toolTitles } from '../../../contract/tool.ts';
import type { AdoptionRecord } from '../adoption-record.ts';
import type { Judgement } from '../judge.ts';
import { listed, strangersFinding } from './foreign-findings.ts';
import type { ForeignClaim } from './match-entries.ts';

/** What the decision about a claim is made from. */
export interface ClaimedContext {
  readonly claim: ForeignClaim;
  readonly rehearsed: Rehearsed;
  readonly judgement: Judgement;
  readonly environment: string;
  /** The findings about objects that differ from what the migrations make. */
  readonly differences: () => readonly Finding[];
  /** The finding about the migration that failed on the throwaway server. */
  readonly notRehearsed: () => Finding;
}

/**
 * Decides which of the migrations that another tool holds as applied are recorded. What the rehearsal shows is proven;
 * what no catalogue can show, such as rows, is believed; what the rehearsal denies ends the records.
 *
 * @param steps pending migrations, in their order
 */
export function planClaimed(
  context: ClaimedContext,
  steps: readonly PlanStep[],
): { readonly records: readonly AdoptionRecord[]; readonly findings: readonly Finding[] } {
  const { claim, rehearsed, judgement } = context;
  const indexes = new Map(rehearsed.steps.map(({ id }, index) => [id, index]));
  const claimed = steps.filter(({ id }) => claim.claimed.has(id));
  const records: AdoptionRecord[] = [];
  const believed: PlanStep[] = [];
  let denied: readonly Finding[] = [];
  for (const step of claimed) {
    const index = indexes.get(step.id);
    denied = index === undefined ? [context.notRehearsed()] : [];
    if (index === undefined) break;
    const makes = rehearsed.objects.some(({ states }) => states.some((state) => state.step === index));
    const isProven = makes && index <= judgement.proven;
    if (makes && !isProven) {
      denied = denials(context, step);
      break;
    }
    const isWhole = isProven && rehearsed.steps[index]?.rows === undefined;
    if (!isWhole) believed.push(step);
    records.push({ id: step.id, kind: isWhole ? 'adopted' : 'baseline' });
  }
  const strangers = strangersFinding(claim);
  return {
    records,
    findings: [
      ...(strangers === undefined ? [] : [strangers]),
      ...gapFindings(claim, steps),
      ...believedFindings(claim, believed),
      ...denied,
      ...(denied.length > 0 ? [] : aloneFindings(context, steps)),
    ],
  };
}

/** Pending migrations that the tool does not hold, although a later one is: they were never applied. */
export function passedOver(claim: ForeignClaim, steps: readonly PlanStep[]): readonly PlanStep[] {
  const last = steps.findLastIndex(({ id }) => claim.claimed.has(id));
  return steps.slice(0, last + 1).filter(({ id }) => !claim.claimed.has(id));
}

function gapFindings(claim: ForeignClaim, steps: readonly PlanStep[]): readonly Finding[] {
  const { table, tool } = claim.history;
  return passedOver(claim, steps).map(({ id, file }) => {
    const why = `${table} of ${toolTitles[tool]} holds later migrations, but not ${id}: it stays pending.`;
    return fault('foreign-gap', { where: { file }, why });
  });
}

function denials({ claim, differences }: ClaimedContext, step: PlanStep): readonly Finding[] {
  const { history } = claim;
  const at = claim.claimed.get(step.id)?.at ?? '';
  const since = at === '' ? '' : ` since ${at.slice(0, 16).replace('T', ' ')}`;
  const why = `${history.table} of ${toolTitles[history.tool]} holds ${step.file} as applied${since}, but the database differs from what it makes.`;
  const found = differences();
  const fix =
    found.length === 0
      ? `See which of its objects are there. ${recordAnyway}`
      : `See the differences below. ${recordAnyway}`;
  return [fault('adopt-not-proven', { where: { file: step.file }, why, fix }), ...found];
}

const recordAnyway =
  'Change the database to match the migration and adopt again, or record it without proof: `godwit adopt --baseline VERSION`.';

function believedFindings({ history }: ForeignClaim, steps: readonly PlanStep[]): readonly Finding[] {
  if (steps.length === 0) return [];
  const which = steps.length === 1 ? 'This migration changes' : `These ${steps.length} migrations change`;
  const why = `${which} rows, or nothing that the catalogue shows: ${listed(steps.map(({ id }) => id))}. ${toolTitles[history.tool]} says that ${steps.length === 1 ? 'it has' : 'they have'} run.`;
  return [fault('foreign-believed', { why })];
}

/** What is in the database of migrations that the tool does not hold. */
function aloneFindings(
  { claim, rehearsed, judgement, environment }: ClaimedContext,
  steps: readonly PlanStep[],
): readonly Finding[] {
  const named = environment === 'local' ? '' : ` -e ${environment}`;
  const { table, tool } = claim.history;
  const indexes = new Map(rehearsed.steps.map(({ id }, index) => [id, index]));
  const alone = steps.filter(({ id }) => !claim.claimed.has(id) && (indexes.get(id) ?? -1) >= 0);
  const whole = alone.filter(({ id }) => (indexes.get(id) ?? 0) <= judgement.proven);
  if (whole.length > 0) {
    const ids = whole.map(({ id }) => id).join(' ');
    const why = `Everything that ${listed(whole.map(({ file }) => file))} ${whole.length === 1 ? 'makes' : 'make'} is in the database, but not in ${table} of ${toolTitles[tool]}.`;
    const fix = `If somebody has applied ${whole.length === 1 ? 'it' : 'them'} by hand: \`godwit adopt${named} ${ids}\`. Otherwise remove what is there before the next \`godwit up\`.`;
    return [fault('foreign-alone', { where: { file: whole[0]?.file ?? '' }, why, fix })];
  }
  const first = alone.find(({ id }) => (indexes.get(id) ?? 0) > judgement.proven);
  if (!judgement.started || first === undefined) return [];
  const why = `Part of what ${first.file} or a migration after it makes is in the database, but not in ${table} of ${toolTitles[tool]}.`;
  const fix = `\`godwit adopt${named} --dry-run\` shows what is there and what is missing. Complete it or remove it before the next \`godwit up\`.`;
  return [fault('foreign-alone', { where: { file: first.file }, why, fix })];
}
