import { quoteLiteral } from '../../../sql/quote.ts';
import type { History } from '../../contract/history.ts';
import type { SettledIdentity } from '../../contract/history-rows.ts';
import type { TaskEnvironment } from '../../contract/task.ts';
import { compareIdentity, identityOf, type IdentityPlace } from './compare-identity.ts';

/**
 * What setting the identity would change: undefined if this already is the environment's database. A database that
 * comes from another environment gets a new id, so that an environment pinned to the original never matches the copy;
 * one that was restored under its own name keeps its id.
 */
export function settlementOf(
  place: IdentityPlace,
  history: History,
  environment: TaskEnvironment,
): SettledIdentity | undefined {
  const found = identityOf(place, history);
  const { name, pinned, copiedFrom } = environment;
  // A copy whose name was edited by hand still has the id of its original.
  const isNamesake = found.environment === name && found.id !== copiedFrom?.pinned?.id;
  if (compareIdentity(found, environment).length === 0 && (isNamesake || found.id === '')) return undefined;
  const { systemId, databaseOid } = history.baseline;
  return {
    before: { environment: found.environment, id: found.id, systemId, databaseOid },
    ...(pinned === undefined ? {} : { pinned: { databaseOid: '', ...pinned } }),
    after: { ...found, environment: name, id: isNamesake ? found.id : '' },
  };
}

/**
 * Statements that make the database the environment's own, inside the transaction that writes the run's row: the guard,
 * and an event in the run's chain. An identity that someone else has set meanwhile remains.
 */
export function settling(run: string, { before, pinned, after }: SettledIdentity): string {
  // If there was no history before, it was created a moment ago, under this name and with a new id.
  const update =
    before.id === ''
      ? ''
      : `UPDATE godwit.guard SET environment = ${quoteLiteral(after.environment)}${after.id === '' ? ', environment_id = pg_catalog.gen_random_uuid()' : ''}
WHERE environment = ${quoteLiteral(before.environment)} AND environment_id = ${quoteLiteral(before.id)};`;
  const known = quoteLiteral(JSON.stringify({ before, pinned, after }));
  return `${update}
SELECT godwit.log(${quoteLiteral(run)}, ARRAY['identity'], ARRAY[(pg_catalog.jsonb_set(${known}::pg_catalog.jsonb, '{after,id}', pg_catalog.to_jsonb(environment_id))
  || pg_catalog.jsonb_build_object('at', pg_catalog.clock_timestamp()))::text]) FROM godwit.guard WHERE environment = ${quoteLiteral(after.environment)};
`;
}
