import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { History } from '../../contract/history.ts';
import type { TaskEnvironment } from '../../contract/task.ts';
import { livesAs, type IdentityPlace } from './compare-identity.ts';

/**
 * Why this database must not pass for one that is replaced by copies of another environment's. Such an environment is
 * not pinned; so everything that could be the original is refused: the database to which the lock file pins the other
 * environment, one that was last changed in its present place under that name, and one of which nothing is known.
 */
export function notCopied(place: IdentityPlace, history: History, environment: TaskEnvironment): readonly Finding[] {
  const { name, copiedFrom } = environment;
  if (copiedFrom === undefined) return [];
  const { name: from, pinned } = copiedFrom;
  if (pinned === undefined)
    return [
      fault('copied-from-unpinned', {
        why: `"${name}" is replaced by copies of "${from}", and godwit.lock.json does not say which database "${from}" is, so godwit could not tell it from its copies.`,
        fix: `Pin it and commit the file: \`godwit up -e ${from}\` pins it, even if nothing is pending.`,
      }),
    ];
  const other = livesAs(place, history, environment);
  const refused = (why: string, fix: string): readonly Finding[] => [fault('wrong-database', { why, fix })];
  if (other !== undefined)
    return refused(
      `The database is that of environment "${other}" itself, or a copy that cannot be told from it, but this run is for "${name}".`,
      `Check the URL of "${name}". A physical copy of the whole server must declare that it is one: docs/history.md#copies-restores-and-moves.`,
    );
  if (history.version === 0 || (history.environment === name && history.environmentId !== pinned.id)) return [];
  const settling = `If this is intended, settle the identity once: \`godwit adopt --identity --reason TEXT -e ${name}\`.`;
  if (history.environment !== name && history.environment !== from)
    return refused(
      `The database belongs to environment "${history.environment}", but "${name}" is replaced by copies of "${from}".`,
      `Check the URL. ${settling}`,
    );
  if (history.environmentId !== pinned.id)
    return refused(
      `The database claims to be "${from}" and has id ${history.environmentId}, but "${from}" is pinned to id ${pinned.id}, so it is not a copy of that one.`,
      `Check the URL, and whether godwit.lock.json is the newest one. ${settling}`,
    );
  if (history.baseline.major === 0)
    return refused(
      `The database claims to be "${from}" but does not record where it was last changed, so it could be "${from}" itself.`,
      `Check the URL. ${settling}`,
    );
  return [];
}

/** Is it a copy whose identity has not been set yet? Obstacles have been checked before. */
export function isFreshCopy(history: History, { name, copiedFrom }: TaskEnvironment): boolean {
  if (copiedFrom === undefined || history.version === 0) return false;
  return history.environment !== name || history.environmentId === copiedFrom.pinned?.id;
}
