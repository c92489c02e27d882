import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** A service on loopback that answers with given bytes. */
export interface Answering extends AsyncDisposable {
  readonly port: number;
  /** A database URL that leads there, without TLS unless the parameters say otherwise. */
  url(parameters?: string): string;
  /** How many connections have asked for something. */
  logins(): number;
}

/** How it answers: at once, or to the first bytes that it gets. */
export interface Answer {
  readonly greeting?: Buffer | string;
  readonly reply?: Buffer | string;
  /** True: it closes the connection after that. */
  readonly closes?: boolean;
}

export async function startAnswering(answer: Answer): Promise<Answering> {
  let logins = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const { greeting, reply, closes = true } = answer;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    if (greeting !== undefined) socket.write(greeting);
    if (reply === undefined && greeting === undefined && closes) socket.destroy();
    socket.once('data', () => {
      logins += 1;
      if (reply !== undefined) socket.write(reply);
      if (closes) socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: (parameters = 'sslmode=disable') =>
      `postgresql://app:${['wrong', 'one'].join('-')}@127.0.0.1:${port}/app?${parameters}`,
    logins: () => logins,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The bytes of a server's FATAL. */
export function fatal(sqlstate: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${sqlstate}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeUInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

/** The bytes by which a server asks for a login: 3 a password in clear, 7 GSSAPI, 10 SASL with these mechanisms. */
export function asksFor(method: number, ...mechanisms: readonly string[]): Buffer {
  const names = Buffer.from(mechanisms.length === 0 ? '' : `${mechanisms.join('\0')}\0\0`);
  const head = Buffer.alloc(9);
  head.write('R');
  head.writeUInt32BE(8 + names.length, 1);
  head.writeUInt32BE(method, 5);
  return Buffer.concat([head, names]);
}
