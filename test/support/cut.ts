import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A connection to the database on which one message never arrives. */
export interface Cut extends AsyncDisposable {
  /** The database's address, through the cut. */
  readonly url: string;
  /** True once the connection has been cut. */
  readonly done: () => boolean;
}

/**
 * Passes everything on until the first message of the simple protocol whose text matches. That one is held back,
 * `instead` runs, and the connection is cut: to the sender it looks as if the server had died inside the statement.
 * Later connections are not affected.
 */
export async function cutAt(url: string, text: RegExp, instead: () => Promise<unknown> = async () => {}): Promise<Cut> {
  const target = new URL(url);
  let cut = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.pipe(client);
    let started = false;
    let pending = Buffer.alloc(0);
    let held = Promise.resolve();
    const take = async (): Promise<void> => {
      // The first packet has no type byte.
      for (;;) {
        const at = started ? 1 : 0;
        if (pending.length < at + 4) return;
        const size = at + pending.readUInt32BE(at);
        if (pending.length < size) return;
        const message = pending.subarray(0, size);
        pending = pending.subarray(size);
        const isQuery = started && message[0] === 0x51;
        started = true;
        if (isQuery && !cut && text.test(message.toString('utf8', 5, size - 1))) {
          cut = true;
          await instead();
          client.destroy();
          upstream.destroy();
          return;
        }
        upstream.write(message);
      }
    };
    client.on('data', (data) => {
      held = held.then(() => {
        pending = Buffer.concat([pending, data]);
        return take();
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(address.port);
  return {
    url: through.href,
    done: () => cut,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
