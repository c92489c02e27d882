import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to the database that can fall silent: packets are dropped, and nobody is told. */
export interface SilentProxy extends AsyncDisposable {
  /** The database's address by this way. */
  readonly url: string;
  /** From now on the connections that are there carry nothing more; with `all`, new ones neither. */
  mute(which: 'present' | 'all'): void;
  /** The connections that are there are reset. */
  cut(): void;
}

/** Opens such a way to the server of this address. */
export async function startProxy(url: string): Promise<SilentProxy> {
  const server = new URL(url);
  const sockets = new Set<Socket>();
  const muted = new Set<Socket>();
  let mute = false;
  const listener = createServer({ pauseOnConnect: false }, (near) => {
    const far = connect({ host: server.hostname, port: Number(server.port) });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      if (mute) muted.add(from);
      from.on('data', (data) => void (muted.has(from) || to.write(data)));
      from.on('error', () => {});
      from.on('close', () => void (muted.has(from) || to.destroy()));
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const here = new URL(url);
  here.hostname = '127.0.0.1';
  here.port = String((listener.address() as AddressInfo).port);
  return {
    url: here.href,
    mute(which) {
      for (const socket of sockets) muted.add(socket);
      mute = which === 'all';
    },
    cut() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
