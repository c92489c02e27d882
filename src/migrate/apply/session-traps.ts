import type { Statement } from '../model.ts';
import type { Session } from '../ports.ts';

/**
 * After a statement that ran outside of a transaction: what it may have set in the session must not change how our own
 * next message is read. Its text would be read in the encoding that holds when it arrives, so this is a message of its
 * own, in plain ASCII.
 */
export async function afterAlone(session: Session, { outside }: Pick<Statement, 'outside'>): Promise<void> {
  if (outside === undefined) await session.send("SET client_encoding TO 'UTF8'");
}
