import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { History } from '../../contract/history.ts';
import type { TaskEnvironment } from '../../contract/task.ts';
import { livesAs, type IdentityPlace } from './compare-identity.ts';

/**
 * What forbids to take this database for one that is replaced by copies of another environment's. Such an environment is
 * not pinned itself; so whatever could be the original is refused: what the lock file pins it to, what was last changed
 * where it is now under that name, and what nothing can be said of.
 */
export function notCopied(place: IdentityPlace, history: History, environment: TaskEnvironment): readonly Finding[] {
  const { name, copiedFrom } = environment;
  if (copiedFrom === undefined) return [];
  const { name: from, pinned } = copiedFrom;
  if (pinned === undefined)
    return [
      fault('copied-from-unpinned', {
        why: `"${name}" is replaced by copies of "${from}", and godwit.lock.json does not say which database "${from}" is: nothing would tell it from its copies.`,
        fix: `Pin it and commit the file: \`godwit up -e ${from}\` does, also where nothing is pending.`,
      }),
    ];
  const other = livesAs(place, history, environment);
  const refused = (why: string, fix: string): readonly Finding[] => [fault('wrong-database', { why, fix })];
  if (other !== undefined)
    return refused(
      `It is the database of environment "${other}" itself, no copy of it (nor one that could be told from it), and this run is for "${name}".`,
      `Check the URL of "${name}". A physical copy of the whole server has to say that it is one: docs/history.md#copies-restores-and-moves.`,
    );
  if (history.version === 0 || (history.environment === name && history.environmentId !== pinned.id)) return [];
  const settling = `If it is meant, settle it once: \`godwit adopt --identity --reason TEXT -e ${name}\`.`;
  if (history.environment !== name && history.environment !== from)
    return refused(
      `It belongs to environment "${history.environment}", and "${name}" is replaced by copies of "${from}".`,
      `Check the URL. ${settling}`,
    );
  if (history.environmentId !== pinned.id)
    return refused(
      `It says that it is "${from}" and has id ${history.environmentId}; "${from}" is pinned to id ${pinned.id}, so that it is no copy of that one.`,
      `Check the URL, and whether godwit.lock.json is the newest one. ${settling}`,
    );
  if (history.baseline.major === 0)
    return refused(
      `It says that it is "${from}", and does not know where it was changed last: it could be "${from}" itself.`,
      `Check the URL. ${settling}`,
    );
  return [];
}

/** Is it a copy that has not been settled yet? Whatever forbids it has been asked before. */
export function isFreshCopy(history: History, { name, copiedFrom }: TaskEnvironment): boolean {
  if (copiedFrom === undefined || history.version === 0) return false;
  return history.environment !== name || history.environmentId === copiedFrom.pinned?.id;
}
