import type { FaultCode } from '../../kit/catalogue/index.ts';
import { fault } from '../../kit/fault.ts';
import type { Finding, Place } from '../../kit/finding.ts';
import type { ServerError } from './ports.ts';

/** A server's error outside users' statements, as a finding. */
export function serverFault(error: ServerError, where?: Place): Finding {
  const details = { why: describe(error), ...(where === undefined ? {} : { where }) };
  return fault(codeOf(error), details);
}

/** The text of the server's error: message, detail, hint, SQLSTATE. */
export function describe(error: ServerError): string {
  const parts = [error.message, error.detail, error.hint === undefined ? undefined : `Hint: ${error.hint}`];
  const text = parts
    .filter((part) => part !== undefined && part !== '')
    .join('. ')
    .replaceAll('.. Hint:', '. Hint:');
  return error.lost && error.sqlstate === '08006' ? text : `${text} (SQLSTATE ${error.sqlstate})`;
}

const byState: Readonly<Record<string, FaultCode>> = {
  '42501': 'no-privilege',
  '25006': 'database-read-only',
  '42883': 'history-damaged',
  '42P01': 'history-damaged',
  '42703': 'history-damaged',
  '21000': 'history-damaged',
  '23502': 'history-damaged',
  '23503': 'history-damaged',
  '58P01': 'no-plpgsql',
  '42704': 'no-plpgsql',
  '53300': 'too-many-connections',
  '57P03': 'server-starting',
  GW001: 'taken-over',
  '55P03': 'lock-timeout',
  '40P01': 'lock-timeout',
  '40001': 'lock-timeout',
};

function codeOf(error: ServerError): FaultCode {
  if (error.lost) return 'connection-lost';
  return byState[error.sqlstate] ?? 'database-refused';
}
