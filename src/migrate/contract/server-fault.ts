import type { FaultCode } from '../../kit/catalogue/index.ts';
import { fault } from '../../kit/fault.ts';
import type { Finding, Place } from '../../kit/finding.ts';
import type { ServerError } from './ports.ts';

/** A server's error outside users' statements, as a finding. */
export function serverFault(error: ServerError, where?: Place): Finding {
  const fix = error.lost ? timeouts[error.sqlstate] : undefined;
  const details = { why: describe(error), ...(where === undefined ? {} : { where }) };
  return fault(codeOf(error), fix === undefined ? details : { ...details, fix });
}

/** The server ended the session because of a timeout that godwit has not set. */
const timeouts: Readonly<Record<string, string>> = {
  '25P03': timeoutFix('idle_in_transaction_session_timeout'),
  '25P04': timeoutFix('transaction_timeout'),
  '57P05': timeoutFix('idle_session_timeout'),
};

function timeoutFix(setting: string): string {
  return `${setting} of the role, the database, the server or the pooler ends this session: raise it, or take it back for this role with \`ALTER ROLE name RESET ${setting}\`. Then run the same command again.`;
}

/** True: transaction_timeout has ended the session, which only PostgreSQL 17 and later know. */
export function isTransactionTimeout({ fix }: Finding): boolean {
  return fix === timeouts['25P04'];
}

/** If the connection is lost before any change was requested, the outcome is certain. */
export function beforeAnyChange(finding: Finding): Finding {
  if (finding.code !== 'connection-lost') return finding;
  const { why, fix } = finding;
  return Object.values(timeouts).includes(fix)
    ? fault('session-timeout', { why, fix })
    : fault('database-unreachable', { why });
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
