import { usualWaitMs } from '../../contract/lock-policy.ts';
import type { OnDisconnect } from '../../contract/task.ts';

/**
 * Settings of every session, given as it starts: they cost no round trip, and RESET ALL returns to them. No timeout of
 * the role kills a migration, no wait for a lock is endless, and a client that has gone holds no lock for long: one that
 * was killed is noticed within a second or two also while a statement runs, one behind a silent network within 20 s.
 */
export function sessionSettings(onDisconnect: OnDisconnect): Readonly<Record<string, string>> {
  return {
    // For what stalls nobody; what does is in courtesy/lock-settings.ts.
    lock_timeout: `${usualWaitMs}ms`,
    statement_timeout: '0',
    // A runner that is frozen between two messages of one transaction.
    idle_in_transaction_session_timeout: '60s',
    // While COPY or a large file is at work on a session of its own, this one waits.
    idle_session_timeout: '0',
    ...(onDisconnect === 'cancel' ? { client_connection_check_interval: '1s' } : {}),
    ...networkSettings,
    default_transaction_isolation: 'read committed',
    default_transaction_deferrable: 'off',
    // The files are split by the rules of this mode, whatever the database or the role says.
    standard_conforming_strings: 'on',
    DateStyle: 'ISO',
  };
}

/** By these the server notices that nobody is at the other end; over a socket folder they mean nothing. */
export const networkSettings: Readonly<Record<string, string>> = {
  tcp_keepalives_idle: '8',
  tcp_keepalives_interval: '4',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '20s',
};
