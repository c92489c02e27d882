import { expect, test } from 'vitest';
import { createConnector } from '../../src/adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../../src/adapters/url/database-url.ts';
import type { Finding } from '../../src/kit/finding.ts';
import { asksFor, fatal, startAnswering } from '../support/answering.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const one = { 'migrations/1_a.sql': 'create table a (id int);' };

/** What a first connection to this URL ends with. */
async function connecting(url: string, timeoutMs?: number): Promise<Finding> {
  const read = readDatabaseUrl(url, 'DATABASE_URL', { user: 'app' });
  if (!read.ok) throw new Error(read.findings.map(({ why }) => why).join());
  const settings = { pipelined: true, applicationName: 'test', settings: {} };
  const opened = await createConnector(read.value.address, timeoutMs).open(settings);
  const [finding] = opened.ok ? [] : opened.findings;
  if (finding === undefined) throw new Error('it connected');
  return finding;
}

const tlsAlert = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46]);
const mysql = Buffer.concat([Buffer.from([0x4a, 0, 0, 0, 0x0a]), Buffer.from('8.0.36\0'), Buffer.alloc(60)]);

test.each([
  ['an HTTP server', { reply: 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n' }, 'An HTTP server'],
  ['an SSH server', { greeting: 'SSH-2.0-OpenSSH_9.2p1\r\n', closes: false }, 'An SSH server'],
  ['MySQL', { greeting: mysql, closes: false }, 'A MySQL or MariaDB server'],
  ['Redis', { reply: "-ERR unknown command '\\x00'\r\n", closes: false }, 'A Redis server'],
  ['memcached', { reply: 'ERROR\r\n', closes: false }, 'A memcached server'],
  ['a server that wants TLS at once', { reply: tlsAlert }, 'expects TLS from the first byte'],
  ['a mail server', { greeting: '220 mail.example.com ESMTP\r\n', closes: false }, 'A mail or FTP server'],
  ['a service unknown', { reply: Buffer.from([7, 7, 7, 7, 7]), closes: false }, 'does not speak PostgreSQL'],
])('F07: %s at the port is named, with TLS and without (`not-postgresql`)', async (_, answer, words) => {
  await using service = await startAnswering(answer);
  for (const mode of ['disable', 'require', 'verify-ca', 'verify-full']) {
    const finding = await connecting(service.url(`sslmode=${mode}`));
    expect([mode, finding.code, finding.why]).toEqual([mode, 'not-postgresql', expect.stringContaining(words)]);
  }
});

test('a port that closes at once is told as that, with TLS and without (`connection-closed`)', async () => {
  await using service = await startAnswering({});
  for (const mode of ['disable', 'require', 'verify-full'])
    expect((await connecting(service.url(`sslmode=${mode}`))).code).toBe('connection-closed');
});

test('a port that stays silent is no firewall: the network is right (`connection-timeout`)', async () => {
  await using service = await startAnswering({ closes: false });
  for (const mode of ['disable', 'verify-full']) {
    const { code, why, fix } = await connecting(service.url(`sslmode=${mode}`), 300);
    expect([code, why]).toEqual(['connection-timeout', expect.stringContaining('nothing was answered')]);
    expect(fix).toContain('The network is right');
  }
});

test('a login that does not end is told apart from silence (`connection-timeout`)', async () => {
  await using service = await startAnswering({ reply: asksFor(3), closes: false });
  expect((await connecting(service.url(), 300)).why).toContain('the login did not end');
});

test('a server without processes says so in an old protocol (`connection-rejected`)', async () => {
  const reply = 'Ecould not fork new process for connection: Resource temporarily unavailable\n\0';
  await using service = await startAnswering({ reply });
  const plain = await connecting(service.url());
  expect([plain.code, plain.why]).toEqual(['connection-rejected', expect.stringContaining('could not fork')]);
  // Before TLS anybody may have written these words.
  const unproven = await connecting(service.url('sslmode=verify-full'));
  expect([unproven.code, unproven.why]).toEqual(['connection-rejected', expect.not.stringContaining('fork')]);
});

test('a server without TLS is told as that (`tls-unsupported`)', async () => {
  await using service = await startAnswering({ reply: 'N', closes: false });
  expect((await connecting(service.url('sslmode=verify-full'))).code).toBe('tls-unsupported');
});

test('TLS that is broken off is no certificate (`tls-failed`)', async () => {
  await using closing = await startAnswering({ reply: 'S' });
  expect((await connecting(closing.url('sslmode=verify-full'))).code).toBe('tls-failed');
});

test.each([
  ['GSSAPI', asksFor(7)],
  ['SSPI', asksFor(9)],
  ['Kerberos 5', asksFor(2)],
  ['OAuth', asksFor(10, 'OAUTHBEARER')],
])('F06: a login by %s is refused by name, because godwit takes passwords only (`login-refused`)', async (_, reply) => {
  await using service = await startAnswering({ reply, closes: false });
  const { code, fix } = await connecting(service.url());
  expect([code, fix]).toEqual(['login-refused', expect.stringContaining('a password only')]);
});

test('F06: a server that asks for a password that nobody gave is told at once (`password-missing`)', async () => {
  await using database = await createTestDatabase();
  const without = new URL(database.url);
  without.password = '';
  for (const url of [without.href, without.href.replace('@', ':@')]) {
    using project = createProject(one, url);
    const { exitCode, err } = await project.run('up');
    expect([exitCode, err]).toEqual([30, expect.stringContaining('[password-missing]')]);
    expect(err).toContain('PGPASSWORD');
  }
});

test.each([
  ['XX000', 'Tenant or user not found', 'login-refused'],
  ['XX000', 'Max client connections reached', 'too-many-connections'],
  ['08P01', 'SASL authentication failed', 'password-refused'],
  ['08P01', 'server login has been failing, try again later (server_login_retry)', 'pooler-without-server'],
  ['XX000', 'The endpoint has been disabled. Enable it using Neon API and retry.', 'connection-rejected'],
  ['28000', 'SSL connection is required', 'tls-required'],
  ['28000', 'connection requires a valid client certificate', 'client-certificate'],
])('F07: a command shows what a pooler answers, %s %s (`%s`)', async (state, message, code) => {
  await using pooler = await startAnswering({ reply: fatal(state, message) });
  using project = createProject(one, pooler.url());
  const { exitCode, err } = await project.run('up');
  expect([exitCode, err]).toEqual([30, expect.stringContaining(`[${code}]`)]);
  expect(err).toContain(message);
});
