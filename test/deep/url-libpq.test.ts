import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createConnector } from '../../src/adapters/postgres/connector.ts';
import { createRedactor } from '../../src/kit/redact.ts';
import { readAddress } from '../../src/project/read-address.ts';
import { createCertificateFolder } from '../support/certificates.ts';
import { createProject } from '../support/project.ts';
import { startRawServer } from '../support/raw-server.ts';
import { missing } from '../support/tools.ts';

const query = `select current_user, current_database(), current_setting('search_path'), current_setting('geqo'),
  (select ssl from pg_stat_ssl where pid = pg_backend_pid()), coalesce((select client_dn from pg_stat_ssl where pid = pg_backend_pid()), '')`;

/** A server with TLS, databases with rules of their own, and certificates of several kinds. */
interface Scene extends AsyncDisposable {
  /** A home without files of libpq. */
  readonly env: Readonly<Record<string, string>>;
  /** The URL of a form. */
  url(form: string): string;
}

async function createScene(): Promise<Scene> {
  const certificates = createCertificateFolder();
  for (const name of ['ours', 'foreign']) certificates.authority(name);
  certificates.certificate('server', 'ours', '127.0.0.1');
  certificates.certificate('app', 'ours', 'app');
  certificates.certificate('other', 'ours', 'other');
  certificates.protect('app', 'locked.key', 'open sesame');
  certificates.revoke('ours', 'none.crl');
  certificates.revoke('ours', 'server.crl', 'server');
  const server = await startRawServer({
    major: 18,
    settings: {
      ssl: 'on',
      ssl_cert_file: certificates.path('server.pem'),
      ssl_key_file: certificates.path('server.key'),
      ssl_ca_file: certificates.path('ours.pem'),
    },
  });
  const rules = join(server.data, 'pg_hba.conf');
  const usual = readFileSync(rules, 'utf8');
  writeFileSync(
    rules,
    [
      'hostssl certdb all 127.0.0.1/32 cert',
      'hostssl tlsdb all 127.0.0.1/32 trust',
      'host tlsdb,certdb all 127.0.0.1/32 reject',
      'hostnossl plaindb all 127.0.0.1/32 trust',
      'host plaindb all 127.0.0.1/32 reject',
      'host scram all 127.0.0.1/32 scram-sha-256',
      'host clear all 127.0.0.1/32 password',
      usual,
    ].join('\n'),
  );
  await server.query(
    "create role app login password 'sesame'; create role owner; grant owner to app; create schema tenant_a",
  );
  for (const name of ['certdb', 'tlsdb', 'plaindb', 'scram', 'clear', '"a/b"'])
    await server.query(`create database ${name} owner app`);
  await server.query('select pg_reload_conf()');
  const { port } = new URL(server.networkUrl('postgres'));
  const line = `127.0.0.1:${port}:*:app:sesame\n`;
  writeFileSync(certificates.path('passfile'), line, { mode: 0o600 });
  writeFileSync(certificates.path('open-passfile'), line, { mode: 0o644 });
  writeFileSync(certificates.path('open.key'), readFileSync(certificates.path('app.key')));
  chmodSync(certificates.path('open.key'), 0o644);
  mkdirSync(certificates.path('home'));
  const socket = new URL(server.url('postgres')).searchParams.get('host') ?? '';
  return {
    env: { HOME: certificates.path('home') },
    url: (form) =>
      `postgresql://${form}`
        .replace('AT/', `app@127.0.0.1:${port}/`)
        .replace('HERE', `127.0.0.1:${port}`)
        .replaceAll('PORT', port)
        .replaceAll('DIR', certificates.path('').replace(/\/$/, ''))
        .replaceAll('SOCKET', socket),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      certificates[Symbol.dispose]();
    },
  };
}

/** What psql answers with this URL: the row, or `refused`. */
async function askPsql(url: string, env: Readonly<Record<string, string>>): Promise<string> {
  const words = ['-X', '-A', '-t', '-w', '-c', query, url];
  const asked = promisify(execFile)('psql', words, { env: { PATH: process.env['PATH'] ?? '', ...env } });
  // It would ask for the passphrase of a key.
  asked.child.stdin?.end();
  return await asked.then(
    ({ stdout }) => stdout.trim(),
    () => 'refused',
  );
}

/** What a session of godwit's with this URL answers: the row, or the code of the fault. */
async function ask(url: string, env: Readonly<Record<string, string>>): Promise<string> {
  const read = readAddress(url, 'DATABASE_URL', { env, redactor: createRedactor() });
  if (!read.ok) return read.findings.map(({ code }) => code).join();
  const options = { pipelined: false, applicationName: 'the test', settings: {} };
  const opened = await createConnector(read.value.address).open(options);
  if (!opened.ok) return opened.findings.map(({ code }) => code).join();
  const reply = await opened.value.send(query, { rows: 'all' });
  await opened.value.close();
  return reply.ok ? (reply.results[0]?.rows[0] ?? []).join('|') : reply.error.message;
}

/** Forms of the URL, and what godwit says where libpq refuses them, or where godwit refuses what libpq takes. */
const forms: readonly (readonly [string, string?])[] = [
  ['AT/postgres', 'plain'],
  ['AT/a%2Fb', 'plain'],
  ['AT/none', 'database-missing'],
  ['AT/postgres?user=app', 'plain'],
  ['localhost/postgres?user=app&port=PORT', 'plain'],
  ['AT/tlsdb?dbname=postgres', 'plain'],
  ['nobody.invalid:PORT/postgres?user=app&hostaddr=127.0.0.1&sslmode=require'],
  [
    'nobody.invalid:PORT/postgres?user=app&hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=DIR/ours.pem',
    'tls-refused',
  ],
  ['/postgres?user=app&host=SOCKET&port=PORT'],
  ['/postgres?user=app&host=SOCKET&port=PORT&sslmode=require'],
  // TLS.
  ['AT/postgres?sslmode=disable'],
  ['AT/postgres?sslmode=allow'],
  ['AT/postgres?sslmode=prefer'],
  ['AT/postgres?sslmode=require'],
  ['AT/tlsdb?sslmode=disable', 'login-refused|tls-required'],
  ['AT/tlsdb?sslmode=allow'],
  ['AT/tlsdb?sslmode=prefer'],
  ['AT/plaindb?sslmode=allow'],
  ['AT/plaindb?sslmode=prefer'],
  ['AT/plaindb?sslmode=require', 'login-refused'],
  ['AT/postgres?ssl=true'],
  ['AT/postgres?ssl=false', 'url-parameter-refused'],
  ['AT/postgres?sslmode=verify-ca&sslrootcert=DIR/ours.pem'],
  ['AT/postgres?sslmode=verify-full&sslrootcert=DIR/ours.pem'],
  ['AT/postgres?sslmode=verify-ca&sslrootcert=DIR/foreign.pem', 'tls-refused'],
  ['AT/postgres?sslmode=require&sslrootcert=DIR/ours.pem'],
  ['AT/postgres?sslmode=require&sslrootcert=DIR/foreign.pem', 'tls-refused'],
  ['AT/postgres?sslmode=verify-full&sslrootcert=DIR/none.pem', 'url-certificate'],
  ['AT/postgres?sslmode=verify-full&sslrootcert=DIR', 'url-certificate'],
  ['AT/postgres?sslmode=verify-full&sslrootcert=DIR/ours.key', 'url-certificate'],
  ['localhost:PORT/postgres?user=app&sslmode=verify-full&sslrootcert=DIR/ours.pem', 'tls-refused'],
  ['localhost:PORT/postgres?user=app&sslmode=verify-ca&sslrootcert=DIR/ours.pem'],
  ['AT/postgres?sslmode=verify-full&sslrootcert=DIR/ours.pem&sslcrl=DIR/none.crl'],
  ['AT/postgres?sslmode=verify-full&sslrootcert=DIR/ours.pem&sslcrl=DIR/server.crl', 'tls-refused'],
  ['AT/postgres?sslmode=require&ssl_min_protocol_version=TLSv1.3'],
  ['AT/postgres?sslmode=require&ssl_max_protocol_version=TLSv1.2'],
  ['AT/postgres?sslmode=require&ssl_min_protocol_version=TLSv9', 'url-parameter-refused'],
  // Client certificates.
  ['AT/certdb?sslmode=require&sslcert=DIR/app.pem&sslkey=DIR/app.key'],
  ['AT/certdb?sslmode=require&sslcert=DIR/other.pem&sslkey=DIR/other.key', 'login-refused|client-certificate'],
  ['AT/certdb?sslmode=require', 'login-refused|client-certificate'],
  ['AT/certdb?sslmode=require&sslcert=DIR/app.pem&sslkey=DIR/locked.key&sslpassword=open%20sesame'],
  ['AT/certdb?sslmode=require&sslcert=DIR/app.pem&sslkey=DIR/locked.key&sslpassword=wrong', 'url-certificate'],
  ['AT/certdb?sslmode=require&sslcert=DIR/app.pem&sslkey=DIR/locked.key', 'url-certificate'],
  ['AT/certdb?sslmode=require&sslcert=DIR/app.pem&sslkey=DIR/other.key', 'url-certificate'],
  ['AT/certdb?sslmode=require&sslcert=DIR/app.pem&sslkey=DIR/open.key', 'url-certificate'],
  ['AT/certdb?sslmode=require&sslcert=DIR/app.pem&sslkey=DIR/none.key', 'url-certificate'],
  ['AT/certdb?sslmode=require&sslcert=DIR/none.pem&sslkey=DIR/app.key', 'url-certificate'],
  // Login.
  ['app:sesame@HERE/scram', 'plain'],
  ['app:wrong@HERE/scram', 'password-refused'],
  ['AT/scram', 'password-missing'],
  ['AT/scram?passfile=DIR/passfile', 'plain'],
  ['AT/scram?passfile=DIR/open-passfile', 'password-missing'],
  ['AT/scram?password=sesame', 'plain'],
  ['app:sesame@HERE/scram?sslmode=require&channel_binding=require'],
  ['app:sesame@HERE/scram?sslmode=disable&channel_binding=require', 'url-sslmode'],
  ['app:sesame@HERE/clear?sslmode=require&channel_binding=require', 'login-method-refused'],
  ['AT/postgres?sslmode=require&channel_binding=require', 'login-method-refused'],
  ['app:sesame@HERE/clear?channel_binding=disable', 'plain'],
  ['AT/postgres?gssencmode=disable', 'plain'],
  ['AT/postgres?gssencmode=require', 'url-parameter-refused'],
  // The session.
  ['AT/postgres?options=-c%20search_path%3Dtenant_a', 'plain'],
  ['AT/postgres?options=-c%20search_path%3Dtenant_a,%5C%20public%20-c%20geqo%3Doff', 'plain'],
  ['AT/postgres?options=--search-path%3Dtenant_a', 'plain'],
  ['AT/postgres?options=-cgeqo%3Doff', 'plain'],
  ['AT/postgres?options=-c%20role%3Downer', 'plain'],
  ['AT/postgres?options=-c%20no_such_setting%3D1', '*'],
  ['AT/postgres?options=-c%20geqo%3Dmaybe', '*'],
  ['AT/postgres?search_path=tenant_a', 'app|postgres|tenant_a|on|f|'],
  ['AT/postgres?schema=tenant_a', 'app|postgres|"tenant_a"|on|f|'],
  ['AT/postgres?role=owner', 'url-parameter-refused'],
  ['AT/postgres?target_session_attrs=read-write', 'plain'],
  ['AT/postgres?target_session_attrs=primary', 'plain'],
  ['AT/postgres?target_session_attrs=standby', 'url-parameter-refused'],
  ['AT/postgres?client_encoding=UTF8', 'plain'],
  [
    'AT/postgres?connect_timeout=3&keepalives=1&keepalives_idle=5&application_name=x&fallback_application_name=y',
    'plain',
  ],
  ['AT/postgres?foo=bar', 'url-parameter-refused'],
  ['AT/postgres?SSLMODE=require', 'url-parameter-refused'],
  ['AT/postgres?sslmode', 'url-parameter-refused'],
  ['AT/postgres?sslmode=maybe', 'url-sslmode'],
  ['AT/postgres?service=none', 'url-parameter-refused'],
];

/** Without an expectation both answer with the same row; `plain`: but for TLS; `*`: both refuse. */
function isAsExpected(ours: string, libpq: string, expected: string | undefined): boolean {
  if (expected === undefined) return libpq !== 'refused' && ours === libpq;
  // On this machine libpq encrypts where the server can, unless the URL says otherwise.
  if (expected === 'plain') return ours === libpq.replace('|t|', '|f|');
  if (expected === '*') return libpq === 'refused' && !ours.includes('|');
  return ours === expected || expected.split('|').includes(ours);
}

describe.skipIf(missing('openssl', 'psql'))('a URL and libpq', () => {
  test('agree with psql, or are refused by name', async () => {
    await using scene = await createScene();
    const differences: string[] = [];
    const left = [...forms];
    const compare = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const [form, expected] = next;
        const [libpq, ours] = [await askPsql(scene.url(form), scene.env), await ask(scene.url(form), scene.env)];
        if (!isAsExpected(ours, libpq, expected)) differences.push(`${form}: psql ${libpq}, godwit ${ours}`);
      }
    };
    await Promise.all(Array.from({ length: 6 }, compare));
    expect(differences).toEqual([]);
  }, 600_000);

  test('F04, F13: a CA that is named is checked, and a client certificate is shown, in every command', async () => {
    await using scene = await createScene();
    using project = createProject({ 'migrations/1_t.sql': 'create table t (n int);' }, undefined, scene.env);
    const ended = async (form: string): Promise<unknown> => {
      const url = scene.url(form);
      const { exitCode, err } = await project.runWith({ DATABASE_URL: url }, 'up');
      return [exitCode, ...(/\[([a-z-]+)\]/.exec(err)?.slice(1) ?? [])];
    };
    expect(await ended('AT/certdb?sslmode=require&sslrootcert=DIR/foreign.pem')).toEqual([30, 'tls-refused']);
    expect(await ended('AT/certdb?sslrootcert=DIR/foreign.pem')).toEqual([30, 'tls-refused']);
    expect(await ended('AT/certdb?sslmode=require')).toEqual([30, expect.stringMatching(/login|client-certificate/)]);
    const certificate = 'sslcert=DIR/app.pem&sslkey=DIR/locked.key&sslpassword=open%20sesame';
    expect(await ended(`AT/certdb?sslmode=require&sslrootcert=DIR/ours.pem&${certificate}`)).toEqual([0]);
    expect(await ended(`AT/certdb?sslrootcert=DIR/ours.pem&sslnegotiation=direct&${certificate}`)).toEqual([0]);
    expect(await ended(`AT/certdb?sslmode=require&${certificate.replace('locked', 'other')}`)).toEqual([
      2,
      'url-certificate',
    ]);
  }, 600_000);
});
