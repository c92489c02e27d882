import { connect } from 'node:net';
import type { DatabaseAddress } from './address.ts';

const cancelRequestCode = 80_877_102;
const timeoutMs = 3_000;

/**
 * Asks the server to cancel what a session is running, by the key that only this session was given. It needs no login
 * and no free connection, and reaches the right session through a pooler too. Sent in the clear, as libpq does: the key
 * is useful for nothing else. The session's own answer shows whether the request came in time.
 */
export async function requestCancel(address: DatabaseAddress, pid: number, key: number): Promise<void> {
  const message = Buffer.alloc(16);
  message.writeInt32BE(16, 0);
  message.writeInt32BE(cancelRequestCode, 4);
  message.writeInt32BE(pid, 8);
  message.writeInt32BE(key, 12);
  await new Promise<void>((resolve) => {
    const { port, host: named, hostAddress: host = named } = address;
    const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect({ host, port });
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    socket.on('connect', () => socket.end(message));
    socket.on('error', () => {});
    // The server closes the connection once it has passed the request on.
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.resume();
  });
}
