import type { EventEmitter } from 'node:events';
import type { Client } from 'pg';
import { fault, FaultError } from '../../kit/fault.ts';
import type { DatabaseAddress } from './address.ts';

type Wire = EventEmitter & { readonly stream: { destroy(error?: Error): void } };

/**
 * Ends the connection before the password is sent if the server's way of logging in is not what the URL asks for
 * (`channel_binding=require`, `require_auth`), or behind the login if the server is not (`target_session_attrs`).
 *
 * @returns asks, after connecting, which term was not met
 */
export function holdToTerms(client: Client, address: DatabaseAddress): () => FaultError | undefined {
  const { channelBinding, requireAuth, session } = address;
  const wire = (client as unknown as { readonly connection: Wire }).connection;
  let unmet: FaultError | undefined;
  const leave = (code: 'login-method-refused' | 'database-read-only', why: string): void => {
    unmet ??= new FaultError(fault(code, { why }));
    wire.stream.destroy();
  };
  if (channelBinding === 'require') {
    const unbound = (how: string): void =>
      leave('login-method-refused', `The URL says channel_binding=require, and the server ${how}.`);
    let bound = false;
    wire.on('authenticationCleartextPassword', () => unbound('asks for the password itself'));
    wire.on('authenticationMD5Password', () => unbound('asks for the password as an MD5 hash'));
    wire.on('authenticationSASL', ({ mechanisms }: { readonly mechanisms: readonly string[] }) => {
      if (!mechanisms.includes('SCRAM-SHA-256-PLUS')) unbound('offers no login that is bound to the TLS connection');
    });
    wire.on('authenticationSASLFinal', () => (bound = true));
    wire.on('authenticationOk', () => {
      if (!bound) unbound('let the client in without one');
    });
  }
  if (requireAuth !== undefined) {
    let asked = false;
    const check = (method: string): void => {
      asked = true;
      if (!allows(requireAuth, method))
        leave('login-method-refused', `The URL says require_auth=${requireAuth}, and the server asks for ${method}.`);
    };
    wire.on('authenticationCleartextPassword', () => check('password'));
    wire.on('authenticationMD5Password', () => check('md5'));
    wire.on('authenticationSASL', () => check('scram-sha-256'));
    wire.on('authenticationOk', () => {
      if (!asked) check('none');
    });
  }
  if (session !== undefined)
    wire.on('parameterStatus', ({ parameterName, parameterValue }: Readonly<Record<string, string>>) => {
      const unfit =
        parameterName === 'in_hot_standby' ||
        (session === 'read-write' && parameterName === 'default_transaction_read_only');
      if (unfit && parameterValue === 'on' && (client as unknown as { _connecting: boolean })._connecting)
        leave(
          'database-read-only',
          `The URL says target_session_attrs=${session}, and this server ${parameterName === 'in_hot_standby' ? 'is a standby' : 'is read-only by default'}.`,
        );
    });
  return () => unmet;
}

/** True if the list of libpq, of methods that are wanted or, with `!`, of methods that are not, allows a method. */
function allows(list: string, method: string): boolean {
  const methods = list.split(',').map((one) => one.trim());
  return methods.some((one) => one.startsWith('!')) ? !methods.includes(`!${method}`) : methods.includes(method);
}
