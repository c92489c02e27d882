import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** An HTTP proxy that opens tunnels, as companies have one. */
export interface ConnectProxy extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly place: string;
  /** What it was asked for, in order: `run.googleapis.com:443`. */
  readonly targets: readonly string[];
}

/** How a proxy treats its users. */
interface ProxyRules {
  /** `user:password`; others get 407. */
  readonly login?: string;
  /** The port on this machine behind a target; undefined: the target is refused with 403. */
  readonly portOf?: (target: string) => number | undefined;
  /** Answers every request with this status. */
  readonly status?: number;
}

/** Starts a proxy on loopback. */
export async function startConnectProxy(rules: ProxyRules): Promise<ConnectProxy> {
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connection', (socket) => void sockets.add(socket));
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    const target = request.url ?? '';
    targets.push(target);
    const login = `Basic ${Buffer.from(rules.login ?? '').toString('base64')}`;
    const known = rules.login === undefined || request.headers['proxy-authorization'] === login;
    const port = rules.portOf?.(target);
    const status = rules.status ?? (known ? (port === undefined ? 403 : 200) : 407);
    if (status !== 200 || port === undefined)
      return client.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\n\r\n`);
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    sockets.add(upstream);
    for (const socket of [upstream, client])
      socket.on('error', () => void [upstream, client].map((one) => one.destroy()));
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    place: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
