import type { Check } from '../model.ts';
import type { Session } from '../ports.ts';
import type { VerificationTerms } from '../task.ts';
import { fireTriggers } from '../verify/fire-triggers.ts';
import { readLiveObjects, type LiveObjects } from '../verify/live-objects.ts';
import { checkExpectations, checkVerifyScript, queryViews } from '../verify/queries.ts';
import type { VerifiedMigration } from './verified-migration.ts';

/** Tries what the catalogue cannot tell: views are queried, triggers fired where that is wanted. */
export async function checkLive(session: Session, terms: VerificationTerms, run?: string): Promise<readonly Check[]> {
  const { views, triggers } = await readLiveObjects(session, run);
  const [queried, fired] = await Promise.all([
    queryViews(session, views),
    terms.triggers === 'fire' ? fire(session, triggers) : [],
  ]);
  return [...queried, ...fired];
}

/** The user's own checks. */
export async function checkOwn(session: Session, migrations: readonly VerifiedMigration[]): Promise<readonly Check[]> {
  const checks = await Promise.all([
    ...migrations.map(({ migration, up }) => checkExpectations(session, migration, up?.directives.expect ?? [])),
    ...migrations.flatMap(({ migration, verify }) =>
      verify === undefined ? [] : [checkVerifyScript(session, migration, verify)],
    ),
  ]);
  return checks.flat();
}

async function fire(session: Session, triggers: LiveObjects['triggers']): Promise<readonly Check[]> {
  const results = await fireTriggers(
    session,
    triggers.map(({ trigger }) => trigger),
  );
  return results.map(({ fired, why }, index): Check => {
    const live = triggers[index];
    if (live === undefined) throw new Error('a result without its trigger');
    return {
      kind: 'trigger-fires',
      object: live.label,
      ok: fired !== 'no',
      severity: fired === 'no' ? 'error' : 'note',
      expected: 'fires',
      actual: fired === 'yes' ? 'fires' : fired === 'no' ? `does not fire: ${why}` : `not tried: ${why}`,
      where: live.where,
      migration: live.migration,
    };
  });
}
