import type { Analysis, Statement } from '../../contract/model.ts';
import { runLockKey } from '../session/run-lock.ts';
import type { Session } from '../../contract/ports.ts';

/**
 * The server decides how to read a message when it arrives: in which encoding, and what a backslash means. A statement
 * may have changed both for the message after it.
 */
export const readAsSent: readonly string[] = ["SET client_encoding TO 'UTF8'", 'SET standard_conforming_strings TO on'];

/**
 * Commands around the record of a file that visibly changes its session. Ordinary files get none: hidden settings, made
 * by a function, are reset by the opening of the next message.
 */
export function closingTraps({ statements, directives }: Pick<Analysis, 'statements' | 'directives'>): {
  readonly before: readonly string[];
  readonly behind: readonly string[];
} {
  const left = new Set(statements.flatMap(({ leaves }) => leaves ?? []));
  const timed = left.has('settings') || directives.statementTimeout !== undefined;
  return {
    // The file's own timeout must not apply to our commands.
    before: timed ? ['SET LOCAL statement_timeout TO 0'] : [],
    behind: [
      // RESET ALL would undo what the record has set for its own COMMIT.
      ...(left.has('settings') ? ['RESET ALL', 'SELECT godwit.keep_durable()'] : []),
      ...(left.has('channels') ? ['UNLISTEN *'] : []),
      ...(left.has('locks') ? ['SELECT godwit.unlock_strays()'] : []),
    ],
  };
}

/**
 * After a statement that ran outside a transaction: its settings must not change how our next message is read, so this
 * is a separate message, in plain ASCII. DISCARD ALL has also released the run lock.
 */
export async function afterAlone(session: Session, { leaves, tag }: Pick<Statement, 'leaves' | 'tag'>): Promise<void> {
  if (tag === 'DISCARD ALL') await session.send(`SELECT pg_catalog.pg_try_advisory_lock(${runLockKey})`);
  else if (leaves?.includes('settings') === true) await session.send(readAsSent.join('; '));
}
