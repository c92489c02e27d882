import type { Check } from '../../contract/model.ts';
import type { Session } from '../../contract/ports.ts';
import type { VerificationOptions } from '../../contract/task.ts';
import { fireTriggers } from './fire-triggers.ts';
import { readLiveObjects, type LiveObjects } from './live-objects.ts';
import { checkExpectations, checkVerifyScript, queryViews } from './queries.ts';
import type { VerifiedMigration } from './verified-migration.ts';

/** Tries what the catalogue cannot show: views are queried, triggers fired if requested. */
export async function checkLive(
  session: Session,
  options: VerificationOptions,
  run?: string,
): Promise<readonly Check[]> {
  const { views, triggers } = await readLiveObjects(session, run);
  const [queried, fired] = await Promise.all([
    queryViews(session, views),
    options.triggers === 'fire' ? fire(session, triggers) : [],
  ]);
  return [...queried, ...fired];
}

/** Makes the user's own checks. */
export async function checkOwn(session: Session, migrations: readonly VerifiedMigration[]): Promise<readonly Check[]> {
  const checks = await Promise.all([
    ...migrations.map(({ migration, expectations }) => checkExpectations(session, migration, expectations)),
    ...migrations.flatMap(({ migration, verify }) =>
      verify === undefined ? [] : [checkVerifyScript(session, migration, verify)],
    ),
  ]);
  return checks.flat();
}

async function fire(session: Session, triggers: LiveObjects['triggers']): Promise<readonly Check[]> {
  const free = triggers.filter(({ locked }) => locked === '');
  const results = await fireTriggers(
    session,
    free.map(({ trigger }) => trigger),
  );
  const fired = new Map(free.map((one, index) => [one, results[index]]));
  return triggers.map((one): Check => {
    const { fired: verdict, why } = fired.get(one) ?? { fired: 'not-tried', why: one.locked };
    return {
      kind: 'trigger-fires',
      object: one.label,
      ok: verdict !== 'no',
      severity: verdict === 'no' ? 'error' : 'note',
      expected: 'fires',
      actual: verdict === 'yes' ? 'fires' : verdict === 'no' ? `does not fire: ${why}` : `not tried: ${why}`,
      where: one.where,
      migration: one.migration,
    };
  });
}
