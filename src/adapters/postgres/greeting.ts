import type { Socket } from 'node:net';
import type { Reason } from './reason.ts';

/** What came back before the login was over. */
export interface Greeting {
  /** The other side has accepted the connection. */
  connected: boolean;
  /** The first bytes that it sent. */
  first?: Buffer;
  /** What the server asks for, if that is no password. */
  method?: string;
  /** True: PostgreSQL's protocol allows only one byte at first, the answer to the request for TLS. */
  readonly tls?: boolean;
}

/**
 * Watches a connection that is being made, in front of the driver. A service that is not PostgreSQL would leave the
 * driver waiting, because its first bytes are read as the length of a long message; a login that the driver does not
 * know would end the process. Here both end the connection.
 *
 * @param connection of the driver: its stream is another one when TLS is agreed on
 */
export function watchGreeting(connection: GreetedConnection, tls: boolean): Greeting {
  const greeting: Greeting = { connected: false, tls };
  connection.stream.once('connect', () => {
    greeting.connected = true;
  });
  inspectFirst(connection.stream, (bytes) => {
    greeting.first = bytes;
    if (!tls) noteMethod(greeting, bytes);
    return answeredBy(greeting) === undefined;
  });
  connection.once('sslconnect', () =>
    inspectFirst(connection.stream, (bytes) => {
      noteMethod(greeting, bytes);
      return answeredBy(greeting) === undefined;
    }),
  );
  return greeting;
}

/** The driver's connection. */
export interface GreetedConnection {
  readonly stream: Socket;
  once(event: 'sslconnect', listener: () => void): unknown;
}

/** Hands the first bytes to nobody else if they are not as expected. */
function inspectFirst(stream: Socket, expected: (bytes: Buffer) => boolean): void {
  const emit = stream.emit.bind(stream) as (event: string, ...values: readonly unknown[]) => boolean;
  const inspecting = (event: string, ...values: readonly unknown[]): boolean => {
    if (event !== 'data') return emit(event, ...values);
    delete (stream as Partial<Socket>).emit;
    if (expected(values[0] as Buffer)) return emit(event, ...values);
    stream.destroy(new Error('not the protocol of PostgreSQL'));
    return true;
  };
  stream.emit = inspecting as Socket['emit'];
}

/** Ways to log in that need no password, by their numbers in the protocol. */
const methods: Readonly<Record<number, string>> = { 2: 'Kerberos 5', 6: 'SCM credentials', 7: 'GSSAPI', 9: 'SSPI' };

function noteMethod(greeting: Greeting, bytes: Buffer): void {
  if (bytes[0] !== 0x52 || bytes.length < 9) return;
  const method = methods[bytes.readUInt32BE(5)];
  if (method !== undefined) greeting.method = method;
}

/** Why the first answer leads nowhere. Undefined: it is as expected, or there was none. */
export function answeredBy({ first, tls, method }: Greeting): Reason | undefined {
  if (method !== undefined)
    return {
      code: 'login-refused',
      why: `the server asks for a login by ${method}.`,
      fix: passwordsOnly,
    };
  if (first === undefined || first.length === 0 || isPostgresql(first, tls === true)) return undefined;
  if (isPlainError(first)) return plainError(first, tls === true);
  const service = services.find(({ is }) => is(first))?.name;
  return {
    code: 'not-postgresql',
    why: `${service ?? 'a service that does not speak PostgreSQL’s protocol'} answers there.`,
    ...(service === tlsFirst
      ? {
          fix: 'The port belongs to an HTTPS server, or to a TLS proxy that PostgreSQL’s own TLS cannot pass. Correct the port, or let the proxy pass TCP through unchanged.',
        }
      : {}),
  };
}

/** The largest message that a server sends before the login is over. */
const longestMessage = 64 * 1024;

function isPostgresql(bytes: Buffer, tls: boolean): boolean {
  const type = String.fromCodePoint(bytes[0] ?? 0);
  if (tls) return bytes.length === 1 && (type === 'S' || type === 'N');
  if (!'RENv'.includes(type)) return false;
  if (bytes.length < 5) return true;
  const length = bytes.readUInt32BE(1);
  return length >= 4 && length < longestMessage;
}

/** A server that cannot start a process says so in the words of an old protocol, also before TLS. */
function isPlainError(bytes: Buffer): boolean {
  return bytes[0] === 0x45 && !bytes.subarray(0, 7).equals(Buffer.from('ERROR\r\n'));
}

function plainError(bytes: Buffer, tls: boolean): Reason {
  const words = bytes
    .subarray(1, 300)
    .toString('latin1')
    .replace(/\0.*$/s, '')
    .replaceAll(/[^\x20-\x7E]+/g, ' ')
    .trim();
  return {
    code: 'connection-rejected',
    // Whoever answers in place of TLS is not known yet: their words are not shown.
    why: tls ? 'the server answered the request for TLS with an error.' : `the server answered: ${words}`,
    fix: 'The server has probably no memory or process left for another connection: look into its log.',
  };
}

/** The cure where a server asks for something else. */
export const passwordsOnly =
  'Godwit logs in with a password only: ask for an entry in pg_hba.conf with scram-sha-256 for this role.';

const tlsFirst = 'A server that expects TLS from the first byte';

const startsWith =
  (pattern: RegExp) =>
  (bytes: Buffer): boolean =>
    pattern.test(bytes.subarray(0, 64).toString('latin1'));

const services: readonly { readonly name: string; readonly is: (bytes: Buffer) => boolean }[] = [
  { name: 'An HTTP server', is: startsWith(/^HTTP\/\d|^\s*<(!doctype|html|\?xml)/i) },
  { name: 'An SSH server', is: startsWith(/^SSH-/) },
  { name: tlsFirst, is: (bytes) => (bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 0x03 },
  { name: 'A MySQL or MariaDB server', is: (bytes) => bytes[3] === 0 && (bytes[4] === 0x0a || bytes[4] === 0xff) },
  { name: 'A Redis server', is: startsWith(/^-(ERR|NOAUTH|DENIED|MISCONF|LOADING)\b/) },
  { name: 'A memcached server', is: startsWith(/^(ERROR|CLIENT_ERROR)\b/) },
  { name: 'A mail or FTP server', is: startsWith(/^(220|421|554)[ -]|^\* OK|^\+OK/) },
  { name: 'A message broker', is: startsWith(/^AMQP/) },
  { name: 'A VNC server', is: startsWith(/^RFB /) },
];
