import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { History } from '../../contract/history.ts';
import type { RecordedIdentity } from '../../contract/history-rows.ts';
import type { TaskEnvironment, OtherEnvironment, PinnedIdentity } from '../../contract/task.ts';

/** Where a database is: the identifier of its server's data (empty: not known), its number there. */
export interface IdentityPlace {
  readonly systemId: string;
  readonly databaseOid: string;
}

/** What the database says of itself; without a history, environment and id are empty. */
export function identityOf({ systemId, databaseOid }: IdentityPlace, history: History): RecordedIdentity {
  return { environment: history.environment, id: history.environmentId, systemId, databaseOid };
}

/** One way in which the database found is not the one that is meant. */
interface IdentityDifference {
  readonly what: 'environment' | 'id' | 'server' | 'database';
  readonly why: string;
}

/** All that speaks against this database being the environment's. */
export function compareIdentity(found: RecordedIdentity, environment: TaskEnvironment): readonly IdentityDifference[] {
  const { name, pinned } = environment;
  const differences: IdentityDifference[] = [];
  const hasHistory = found.id !== '';
  if (hasHistory && found.environment !== name)
    differences.push({
      what: 'environment',
      why: `The database belongs to environment "${found.environment}", but this run is for "${name}".`,
    });
  if (pinned === undefined) return differences;
  if (found.id !== pinned.id)
    differences.push({
      what: 'id',
      why: hasHistory
        ? `The database has id ${found.id}; "${name}" is pinned to id ${pinned.id}.`
        : `"${name}" is pinned to id ${pinned.id}, but godwit has never changed this database.`,
    });
  const fits = differences.length === 0 ? 'The id matches, but the' : 'The';
  if (isOtherServer(found, pinned))
    differences.push({
      what: 'server',
      why: `${fits} server is a different one (system identifier ${found.systemId}, pinned ${pinned.systemId}).`,
    });
  if ((pinned.databaseOid ?? '') !== '' && found.databaseOid !== pinned.databaseOid)
    differences.push({
      what: 'database',
      why: `${differences.length === 0 ? 'The id and the server match, but the database is a different one' : 'The database is a different one'} (OID ${found.databaseOid}, pinned ${pinned.databaseOid ?? ''}).`,
    });
  return differences;
}

function isOtherServer(one: Pick<IdentityPlace, 'systemId'>, other: Pick<IdentityPlace, 'systemId'>): boolean {
  return one.systemId !== '' && other.systemId !== '' && one.systemId !== other.systemId;
}

/** Are both the same database, as far as can be known? Where a server does not say who it is, its number alone decides. */
function isSamePlace(one: IdentityPlace, other: IdentityPlace): boolean {
  return one.databaseOid !== '' && one.databaseOid === other.databaseOid && !isOtherServer(one, other);
}

/**
 * True: it is the very database that another environment is pinned to, or a copy of its whole server. Such a copy is told
 * from it only where it says so itself: by the name that is meant, and another id.
 */
function isPinnedHere(found: RecordedIdentity, pinned: PinnedIdentity, meant: string): boolean {
  const known = found.systemId !== '' && pinned.systemId !== '';
  const there = { systemId: pinned.systemId, databaseOid: pinned.databaseOid ?? found.databaseOid };
  const isMarked = found.environment === meant && found.id !== pinned.id;
  return isSamePlace(found, there) && (known || found.id === pinned.id) && !isMarked;
}

/** True: the last run that changed this database did so where it is now; a copy comes from elsewhere. */
function wasChangedHere(place: IdentityPlace, { baseline }: Pick<History, 'baseline'>): boolean {
  return baseline.major !== 0 && isSamePlace(place, baseline);
}

/**
 * The other environment of the project that this database is: it is pinned to it, or the database says its name and was
 * changed where it is now. A copy of that environment's database is none of both.
 */
export function livesAs(
  place: IdentityPlace,
  history: History,
  { name: environment, others = [] }: TaskEnvironment,
): string | undefined {
  const found = identityOf(place, history);
  const isIt = ({ name, pinned }: OtherEnvironment): boolean =>
    (pinned !== undefined && isPinnedHere(found, pinned, environment)) ||
    (history.environment === name && wasChangedHere(place, history));
  return others.find(isIt)?.name;
}

/** Is this the environment's database? At most one finding, which names all that differs and the cure. */
export function wrongDatabase(
  place: IdentityPlace,
  history: History,
  environment: TaskEnvironment,
): readonly Finding[] {
  const differences = compareIdentity(identityOf(place, history), environment);
  if (differences.length === 0) return [];
  const other = livesAs(place, history, environment);
  const copied = differences.every(({ what }) => what === 'server' || what === 'database');
  const why = [
    ...differences.map((one) => one.why),
    ...(copied ? ['The database was copied, restored or upgraded.'] : []),
  ];
  return [
    fault('wrong-database', {
      why: why.join(' '),
      fix: other === undefined ? settlingFix(environment) : ownedFix(other, environment),
    }),
  ];
}

function settlingFix({ name }: TaskEnvironment): string {
  const named = name === 'local' ? '' : ` -e ${name}`;
  return `Check the URL. If "${name}" is to use this database from now on (after a restore, a copy, a move, or a renamed environment), settle its identity: \`godwit adopt --identity --reason TEXT${named}\`.`;
}

/** What is said where the database is that of another environment. */
export function ownedFix(other: string, { name }: TaskEnvironment): string {
  return `Check the URL, or name its environment: -e ${other}. If "${other}" was renamed to "${name}", remove "${other}" from the configuration, then run \`godwit adopt --identity --reason TEXT -e ${name}\`.`;
}
