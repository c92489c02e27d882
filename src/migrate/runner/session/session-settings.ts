import { usualWaitMs } from '../../contract/lock-policy.ts';
import type { OnDisconnect } from '../../contract/task.ts';

/**
 * Settings of every session, given at its start: they cost no round trip, and RESET ALL returns to them. No timeout of
 * the role kills a migration, no lock wait is endless, and a dead client does not hold locks for long: a killed one is
 * noticed within a second or two even while a statement runs, one behind a silent network within 20 s.
 */
export function sessionSettings(onDisconnect: OnDisconnect): Readonly<Record<string, string>> {
  return {
    // For statements that stall nobody; for the others see lock-waits/lock-settings.ts.
    lock_timeout: `${usualWaitMs}ms`,
    statement_timeout: '0',
    // Ends a runner that is frozen between two messages of one transaction.
    idle_in_transaction_session_timeout: '60s',
    // While COPY or a large file runs on its own session, this one is idle.
    idle_session_timeout: '0',
    ...(onDisconnect === 'cancel' ? { client_connection_check_interval: '1s' } : {}),
    ...networkSettings,
    default_transaction_isolation: 'read committed',
    default_transaction_deferrable: 'off',
    // The files are split by the rules of this mode, regardless of the database's or role's setting.
    standard_conforming_strings: 'on',
    DateStyle: 'ISO',
  };
}

/** With these the server notices that the client is gone; over a Unix socket they have no effect. */
export const networkSettings: Readonly<Record<string, string>> = {
  tcp_keepalives_idle: '8',
  tcp_keepalives_interval: '4',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '20s',
};
