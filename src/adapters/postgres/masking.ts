import { createRedactor } from '../../kit/redact.ts';
import type { Reply, Session } from '../../migrate/contract/ports.ts';
import type { DatabaseAddress } from './address.ts';

/**
 * Masks the connection's password in everything that the server says. Server messages enter the history permanently,
 * and may contain the password, for example from a function that holds it.
 */
export interface Masking {
  text(text: string): string;
  session(session: Session): Session;
}

/** Masks the password of this address. */
export function createMasking({ password = '' }: DatabaseAddress): Masking {
  const redactor = createRedactor();
  redactor.register(password);
  const text = (message: string): string => redactor.redact(message);
  const reply = (answer: Reply): Reply => {
    if (answer.ok) return answer;
    const { message, detail, hint, context } = answer.error;
    const error = {
      ...answer.error,
      message: text(message),
      ...(detail === undefined ? {} : { detail: text(detail) }),
      ...(hint === undefined ? {} : { hint: text(hint) }),
      ...(context === undefined ? {} : { context: text(context) }),
    };
    return { ...answer, error };
  };
  return {
    text,
    session: (session) => ({
      ...session,
      // A getter, because the value changes over time.
      get waiting() {
        return session.waiting;
      },
      get answered() {
        return session.answered;
      },
      send: async (message, options) => reply(await session.send(message, options)),
      copyIn: async (command, data) => reply(await session.copyIn(command, data)),
    }),
  };
}
