import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** A connection to a server that is slow, or that changes the data. */
export interface Line extends AsyncDisposable {
  readonly url: string;
}

/** How a line treats its data. */
export interface LineOptions {
  /** Delay in each direction, and how much it varies, in milliseconds. The order is kept. */
  readonly delayMs?: number;
  readonly jitterMs?: number;
  readonly bytesPerSecond?: number;
  /** Changes the data that come from the server. */
  readonly answers?: (bytes: Buffer) => Buffer;
}

/** Opens such a line to the server of this URL. */
export async function layLine(serverUrl: string, options: LineOptions): Promise<Line> {
  const server = new URL(serverUrl);
  const sockets = new Set<Socket>();
  const door = createServer((client) => {
    const upstream = connect(Number(server.port), server.hostname);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    pass(client, upstream, options);
    pass(upstream, client, options, options.answers);
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String((door.address() as { port: number }).port);
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      door.close();
      await once(door, 'close');
    },
  };
}

function pass(from: Socket, to: Socket, options: LineOptions, change = (bytes: Buffer): Buffer => bytes): void {
  const { delayMs = 0, jitterMs = 0, bytesPerSecond = Infinity } = options;
  // Timers of different lengths may overtake each other; data on a wire may not.
  let last = Promise.resolve();
  let free = 0;
  const later = (bytes: number, act: () => unknown): void => {
    free = Math.max(free, performance.now() + delayMs + Math.random() * jitterMs) + (bytes / bytesPerSecond) * 1000;
    const due = free;
    last = last.then(() => sleep(Math.max(0, due - performance.now()))).then(() => void act());
  };
  from.on('data', (bytes) => {
    // In packets, as in a network: small data do not wait for large data.
    for (let at = 0; at < bytes.length; at += 1400) {
      const packet = change(bytes.subarray(at, at + 1400));
      later(packet.length, () => to.write(packet));
    }
  });
  from.on('close', () => later(0, () => to.destroy()));
}
