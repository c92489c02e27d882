import { expect, test } from 'vitest';
import { beforeAnyChange, isTransactionTimeout, serverFault } from './server-fault.ts';

const ended = (sqlstate: string, message: string) => serverFault({ sqlstate, message, lost: true });

test.each([
  ['25P03', 'idle_in_transaction_session_timeout'],
  ['25P04', 'transaction_timeout'],
  ['57P05', 'idle_session_timeout'],
])(
  'F08: before any change, %s is a timeout with a cause and no unreachable database (`session-timeout`)',
  (state, setting) => {
    const lost = ended(state, 'terminating connection due to a timeout');
    // What a change has done is asked for as after any other loss.
    expect(lost.code).toBe('connection-lost');
    expect(lost.fix).toContain(`RESET ${setting}`);
    expect(beforeAnyChange(lost)).toMatchObject({ code: 'session-timeout', why: lost.why, fix: lost.fix });
    expect(isTransactionTimeout(lost)).toBe(state === '25P04');
  },
);

test('before any change, a connection that is lost otherwise is a database that cannot be reached', () => {
  const lost = ended('57P01', 'terminating connection due to administrator command');
  expect(beforeAnyChange(lost).code).toBe('database-unreachable');
  expect(beforeAnyChange(serverFault({ sqlstate: '42501', message: 'no', lost: false })).code).toBe('no-privilege');
});
