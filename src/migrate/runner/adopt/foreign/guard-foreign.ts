import type { Finding } from '../../../../kit/finding.ts';
import type { ForeignHistory, ForeignSummary } from '../../../contract/foreign-history.ts';
import type { History } from '../../../contract/history.ts';
import { isOf } from '../../../contract/migration-id.ts';
import type { PlanStep } from '../../../contract/model.ts';
import type { Bundle, Session } from '../../../contract/ports.ts';
import { findForeignHistories, summaryOf } from './find-foreign.ts';
import { foreignHistoryFinding, unsettledFinding } from './foreign-findings.ts';
import { matchEntries } from './match-entries.ts';

/** What the first run in a database is about to do. */
interface FirstRun {
  readonly bundle: Bundle;
  readonly history: History;
  readonly steps: readonly PlanStep[];
  readonly environment: string;
  /** The tool, or the table, whose history belongs to other migrations. */
  readonly ignore?: string | undefined;
}

/**
 * The histories of other tools in a database where godwit has recorded nothing of this folder: errors if the pending
 * migrations are applied according to them, otherwise warnings. Asks the server only then.
 */
export async function foreignFindings(session: Session, run: FirstRun): Promise<readonly Finding[]> {
  const { bundle, history, steps, environment, ignore } = run;
  const isFirst = bundle.layout !== 'bare' && !history.rows.some(({ id }) => isOf(id, bundle));
  if (!isFirst || steps.length === 0 || steps.some(({ direction }) => direction === 'down')) return [];
  const found = await findForeignHistories(session);
  if (!found.ok) return found.findings;
  const pending = steps.map(({ id }) => id);
  return found.value
    .filter((one) => one.tool !== ignore && one.table !== ignore && !isBlank(one))
    .map((one) => {
      const claim = matchEntries(one, bundle.folder ?? bundle.migrations);
      const isOurs = claim.claimed.size > 0 || one.entries.length === 0;
      if (one.unsettled.length > 0 && isOurs) return unsettledFinding(one);
      return foreignHistoryFinding(claim, { environment, pending });
    });
}

/** Histories of other tools for an answer about a database where godwit has recorded nothing; no answer: none. */
export async function foreignSummaries(session: Session): Promise<readonly ForeignSummary[]> {
  const found = await findForeignHistories(session);
  return found.ok ? found.value.filter((one) => !isBlank(one)).map(summaryOf) : [];
}

/** A tool that has made its table and applied nothing. */
function isBlank({ entries, unsettled, unreadable }: ForeignHistory): boolean {
  return entries.length === 0 && unsettled.length === 0 && unreadable === '';
}
