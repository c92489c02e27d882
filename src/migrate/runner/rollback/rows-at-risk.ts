import { fault } from '../../../kit/fault.ts';
import type { Finding, Place } from '../../../kit/finding.ts';
import type { Analysis, PlanStep } from '../../contract/model.ts';
import type { MadePlan } from '../../plan/make-plan.ts';
import type { Session } from '../../contract/ports.ts';
import type { StatedLoss } from '../../contract/row-change.ts';
import { countOutside, sumOf } from './count.ts';
import { createPresentNames } from './present-names.ts';
import { queryAside, findTargets, type LossTarget } from './targets.ts';

/** A step that would be executed, with its analysis. */
interface Applying {
  readonly step: PlanStep;
  readonly analysis: Analysis;
}

/** Counting ends here, so that no table is read completely. */
const most = 1_000;

/** The environment that is not asked about: its rows belong to its user. */
const unasked = 'local';

/**
 * What the steps of a plan would destroy: the tables and columns that their text drops or empties, if these hold
 * something now and the file does not allow it. Never waits for locks. What the run creates itself is empty; what does
 * not exist, or may not be read, does not stop the run.
 *
 * @param options the environment's name, and the schema to which unqualified names resolve
 * @returns a finding for each table and column; none: no loss can be foreseen
 */
export async function rowsAtRisk(
  session: Session,
  { plan, analyses }: Pick<MadePlan, 'plan' | 'analyses'>,
  options: { readonly environment: string; readonly schema: string },
): Promise<readonly Finding[]> {
  if (options.environment === unasked) return [];
  const steps = plan.steps.flatMap((step) => {
    const analysis = step.direction === 'up' ? analyses.get(step.id) : undefined;
    return analysis === undefined ? [] : [{ step, analysis }];
  });
  const names = createPresentNames(options.schema);
  const reported = new Set<string>();
  const findings: Finding[] = [];
  for (const { step, analysis } of steps) {
    for (const change of analysis.rows) {
      names.note(change);
      if (change.op !== 'lose' || change.how === 'delete-some' || isAllowed(analysis, change)) continue;
      const loss = names.present(change);
      if (loss === undefined) continue;
      const found = await findTargets(queryAside(session), loss);
      // A DELETE also takes rows along foreign keys, which depends on the rows.
      const targets = found.ok ? found.targets.slice(0, loss.how === 'delete' ? 1 : undefined) : [];
      for (const target of targets) {
        const what = `${target.oid} ${target.label}`;
        if (reported.has(what) || reported.has(target.oid)) continue;
        const held = await heldBy(session, target, loss);
        if (held === undefined) continue;
        reported.add(loss.column === undefined ? target.oid : what);
        findings.push(destroys({ step, analysis }, change, held));
      }
    }
  }
  const last = findings.pop();
  return last === undefined ? [] : [...findings, { ...last, why: `${last.why}${unseenIn(steps)}` }];
}

/** Does the file itself allow it? */
function isAllowed({ directives }: Analysis, { how }: StatedLoss): boolean {
  return directives.allow.some(({ rule }) => rule === how);
}

/** What is lost, as text; undefined: nothing, or not known. */
async function heldBy(session: Session, target: LossTarget, loss: StatedLoss): Promise<string | undefined> {
  const counted = await countOutside(session, target, { only: loss.only, most });
  const what = loss.column === undefined ? `table ${target.label} holds` : `column ${target.label} holds`;
  const unit = loss.column === undefined ? 'row' : 'value';
  if (!counted.ok) {
    const { sqlstate } = counted.error;
    // Locked by another session, or nothing was found in time: it may well hold something.
    if (sqlstate === '55P03') return `${what} ${unit}s that cannot be counted now, because others hold a lock on it`;
    return sqlstate === '57014' ? `${what} ${unit}s that could not be counted in time` : undefined;
  }
  const rows = sumOf(counted.rows);
  if (rows === 0) return undefined;
  const number = rows >= most ? `at least ${most.toLocaleString('en')}` : `${rows}`;
  return `${what} ${number} ${unit}${rows === 1 ? '' : 's'}`;
}

function destroys({ step, analysis }: Applying, { statement, how }: StatedLoss, held: string): Finding {
  const { tag = '' } = analysis.statements[statement] ?? {};
  const verb = how === 'drop-column' ? 'DROP COLUMN' : how === 'delete' ? 'DELETE without a condition' : tag;
  return fault('destroys-rows', {
    where: placeIn({ step, analysis }, statement),
    why: `${verb}: ${held}.`,
    fix: `If that is intended, run again with \`--destroy-rows\`, or declare it in the file: \`-- godwit: allow=${how} reason="…"\`, or have the plan reviewed: \`godwit plan --out FILE\`, then \`godwit up --plan FILE\`.`,
  });
}

function placeIn({ step, analysis }: Applying, statement: number): Place {
  const { line = 1, column = 1 } = analysis.statements[statement] ?? {};
  return { file: step.file, line, column };
}

const mostNamed = 3;

/** DO, CASCADE and the like may take more than that. */
function unseenIn(steps: readonly Applying[]): string {
  const places = steps.flatMap(({ step, analysis }) =>
    analysis.rows.flatMap((change) => {
      if (change.op !== 'unseen') return [];
      const { tag = '', line = 1 } = analysis.statements[change.statement] ?? {};
      return [`${change.why === 'cascade' ? 'CASCADE' : tag} (${step.file}:${line})`];
    }),
  );
  if (places.length === 0) return '';
  const named = places.slice(0, mostNamed).join(', ');
  const more = places.length > mostNamed ? ` and ${places.length - mostNamed} more` : '';
  return ` What else is dropped with ${named}${more} is not known beforehand.`;
}
