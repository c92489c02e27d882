import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A line to a registry that breaks when it is told to. */
export interface Line extends AsyncDisposable {
  /** Where it begins: `127.0.0.1:PORT`. */
  readonly host: string;
  /**
   * Breaks the connection on which the next request or answer of this form travels, once so many bytes have passed
   * of what begins with its first line. Several are met in this order.
   */
  breakNext(what: { readonly request?: RegExp; readonly answerTo?: RegExp; readonly after: number }): void;
  /** How often it has broken. */
  readonly broken: () => number;
}

/** Lays a line to `host`, over which everything passes unchanged until it breaks. */
export async function layLine(host: string): Promise<Line> {
  const [name = '', port = ''] = host.split(':');
  const plans: Parameters<Line['breakNext']>[0][] = [];
  let broken = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), name);
    let left: number | undefined;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    /** Passes data on, up to where the line breaks. */
    const pass = (data: Buffer, to: Socket, counts: boolean): void => {
      if (left === undefined || !counts) {
        to.write(data);
        return;
      }
      // It has broken already.
      if (left <= 0) return;
      to.write(data.subarray(0, left));
      left -= data.length;
      if (left > 0) return;
      broken += 1;
      // What was sent before must arrive.
      setTimeout(end, 20);
    };
    let breaks: 'request' | 'answer' | undefined;
    client.on('data', (data) => {
      const [first = ''] = data.toString('latin1', 0, 2000).split('\r\n');
      const [plan] = plans;
      const isRequest = plan?.request?.test(first) === true;
      if (plan !== undefined && breaks === undefined && (isRequest || plan.answerTo?.test(first) === true)) {
        breaks = isRequest ? 'request' : 'answer';
        left = plan.after;
        plans.shift();
      }
      pass(data, upstream, breaks === 'request');
    });
    upstream.on('data', (data) => pass(data, client, breaks === 'answer'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    breakNext(what) {
      plans.push(what);
    },
    broken: () => broken,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
