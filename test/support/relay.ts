import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A connection that went through a relay. */
interface Relayed {
  /** Its application_name, once it has said so. */
  name: string;
  /** The texts of its messages, in order. */
  readonly messages: string[];
  /** True: it has said goodbye (Terminate). */
  goodbye: boolean;
  /** True: the client has ended it. */
  ended: boolean;
}

/** Passes connections on to a database, and tells what clients do. */
export interface Relay extends AsyncDisposable {
  /** The database's address, through the relay. */
  readonly url: string;
  readonly connections: readonly Relayed[];
}

/** Starts a relay on loopback; clients must connect without TLS. */
export async function startRelay(url: string): Promise<Relay> {
  const target = new URL(url);
  const connections: Relayed[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const relayed: Relayed = { name: '', messages: [], goodbye: false, ended: false };
    connections.push(relayed);
    const upstream = connect(Number(target.port), target.hostname);
    upstream.pipe(client);
    client.pipe(upstream);
    let pending: Buffer = Buffer.alloc(0);
    client.on('data', (bytes) => (pending = note(relayed, Buffer.concat([pending, bytes]))));
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        relayed.ended = true;
        client.destroy();
        upstream.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Notes whole messages; returns the rest. */
function note(relayed: Relayed, bytes: Buffer): Buffer {
  // The first packet has no type byte.
  const at = relayed.name === '' ? 0 : 1;
  if (bytes.length < at + 4) return bytes;
  const size = at + bytes.readUInt32BE(at);
  if (bytes.length < size) return bytes;
  const text = bytes.toString('utf8', at + 4, size);
  if (at === 0) relayed.name = /application_name\0([^\0]*)/.exec(text)?.[1] ?? '?';
  else if (bytes[0] === 0x58) relayed.goodbye = true;
  else if (bytes[0] === 0x51) relayed.messages.push(text.slice(0, -1));
  return note(relayed, bytes.subarray(size));
}
