import type { PreparedStep } from '../apply/prepared.ts';
import { readHistory } from '../history/read-history.ts';
import type { Analysis } from '../model.ts';
import type { VerifiedMigration } from './check-facts.ts';
import type { LiveRun } from './live-run.ts';
import { asTheyStand } from './prepare.ts';

/** The step of which an attempt has left a part standing, as it stands now; undefined if there is none. */
export async function standingPart(live: LiveRun, steps: readonly PreparedStep[]): Promise<PreparedStep | undefined> {
  const history = await readHistory(live.session);
  if (!history.ok) return undefined;
  const standing = asTheyStand(
    steps.filter(({ step }) => step.direction === 'up'),
    history.value,
  );
  return standing.ok ? standing.value.find(({ part }) => part.through > 0) : undefined;
}

/** A migration as far as it stands: what its file states behind that is not held against the database. */
export function asFarAsItStands(whole: VerifiedMigration, through: number): VerifiedMigration {
  const { verify: _, up, ...rest } = whole;
  return { ...rest, up: up === undefined ? undefined : until(up, through) };
}

function until(analysis: Analysis, through: number): Analysis {
  const next = analysis.statements[through];
  const isBehind = ({ line = 0, column = 0 }: { readonly line?: number; readonly column?: number }): boolean =>
    next !== undefined && (line > next.line || (line === next.line && column >= next.column));
  return {
    ...analysis,
    statements: analysis.statements.slice(0, through),
    effects: analysis.effects.filter(({ where }) => !isBehind(where)),
    directives: { ...analysis.directives, expect: [] },
  };
}
