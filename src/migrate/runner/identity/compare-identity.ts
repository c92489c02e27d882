import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { History } from '../../contract/history.ts';
import type { RecordedIdentity } from '../../contract/history-rows.ts';
import type { TaskEnvironment, OtherEnvironment, PinnedIdentity } from '../../contract/task.ts';

/** The place of a database: the system identifier of its server (empty: not known), and its OID there. */
export interface IdentityPlace {
  readonly systemId: string;
  readonly databaseOid: string;
}

/** The identity that the database records; without a history, environment and id are empty. */
export function identityOf({ systemId, databaseOid }: IdentityPlace, history: History): RecordedIdentity {
  return { environment: history.environment, id: history.environmentId, systemId, databaseOid };
}

/** One difference between the database found and the intended one. */
interface IdentityDifference {
  readonly what: 'environment' | 'id' | 'server' | 'database';
  readonly why: string;
}

/** Everything that speaks against this database being the environment's. */
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

/** Are both the same database, as far as is known? If a server hides its identifier, the database OID alone decides. */
function isSamePlace(one: IdentityPlace, other: IdentityPlace): boolean {
  return one.databaseOid !== '' && one.databaseOid === other.databaseOid && !isOtherServer(one, other);
}

/**
 * True: it is the very database to which another environment is pinned, or a copy of its whole server. Such a copy can
 * be recognised only by its own record: the expected name, and a different id.
 */
function isPinnedHere(found: RecordedIdentity, pinned: PinnedIdentity, meant: string): boolean {
  const known = found.systemId !== '' && pinned.systemId !== '';
  const there = { systemId: pinned.systemId, databaseOid: pinned.databaseOid ?? found.databaseOid };
  const isMarked = found.environment === meant && found.id !== pinned.id;
  return isSamePlace(found, there) && (known || found.id === pinned.id) && !isMarked;
}

/** True: the last run that changed this database did so in its present place; a copy was changed elsewhere. */
function wasChangedHere(place: IdentityPlace, { baseline }: Pick<History, 'baseline'>): boolean {
  return baseline.major !== 0 && isSamePlace(place, baseline);
}

/**
 * The other environment of the project to which this database belongs: that environment is pinned to it, or the
 * database records its name and was last changed in its present place. For a copy of that environment's database,
 * neither is true.
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

/** Is this the environment's database? At most one finding, which names everything that differs and the fix. */
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

/** The fix if the database belongs to another environment. */
export function ownedFix(other: string, { name }: TaskEnvironment): string {
  return `Check the URL, or name its environment: -e ${other}. If "${other}" was renamed to "${name}", remove "${other}" from the configuration, then run \`godwit adopt --identity --reason TEXT -e ${name}\`.`;
}
