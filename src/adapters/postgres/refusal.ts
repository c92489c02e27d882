import type { FaultCode } from '../../kit/catalogue/index.ts';
import type { DatabaseAddress } from './address.ts';
import type { Reason } from './reason.ts';
import { phrases } from './refusal-phrases.ts';

/** An error with the fields that the server, Node or the driver give it. */
export interface ServerAnswer extends Error {
  readonly code?: string;
  /** Only the server's own errors have one: FATAL, ERROR or PANIC, perhaps translated. */
  readonly severity?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly syscall?: string;
}

/**
 * Why the server, or a pooler or proxy in front of it, rejected a connection. It has answered, so the network is not
 * the reason. Words come first, because poolers use one SQLSTATE for everything.
 */
export function refusal(answer: ServerAnswer, address: DatabaseAddress): Reason {
  const { code: state = '' } = answer;
  const why = wordsOf(answer);
  const withoutPassword = (address.password ?? '') === '';
  const said = phrases.find(({ words, states }) => words.test(why) && (states === undefined || states.test(state)));
  const code = said?.code ?? byState[state] ?? byClass[state.slice(0, 2)] ?? 'connection-rejected';
  if (code === 'password-refused' && withoutPassword) return { code: 'password-missing', why };
  return { code, why, ...(said?.fix === undefined ? {} : { fix: said.fix }) };
}

function wordsOf({ message, detail, hint, code = '' }: ServerAnswer): string {
  const parts = [message, detail, hint === undefined ? undefined : `Hint: ${hint}`];
  const text = parts.filter((part) => part !== undefined && part !== '').join('. ');
  return `${text.replaceAll('.. ', '. ')} (SQLSTATE ${code})`;
}

const byState: Readonly<Record<string, FaultCode>> = {
  '28P01': 'password-refused',
  '28000': 'login-refused',
  '3D000': 'database-missing',
  '55000': 'database-closed',
  '42501': 'login-refused',
  '53300': 'too-many-connections',
  '57P01': 'server-starting',
  '57P02': 'server-starting',
  '57P03': 'server-starting',
};

const byClass: Readonly<Record<string, FaultCode>> = { '28': 'login-refused' };
