import { expect, test } from 'vitest';
import { isLoopbackHost, readDatabaseUrl } from './database-url.ts';
import { readStartupOptions } from './startup-options.ts';
import { databaseUrlOf, withCredentials } from './write-url.ts';

const read = (url: string) => readDatabaseUrl(url, 'DATABASE_URL', { user: 'os-user' });

function address(url: string) {
  const outcome = read(url);
  if (!outcome.ok) throw new Error(outcome.findings.map((finding) => finding.code).join());
  return outcome.value.address;
}

test('a plain URL gives its parts', () => {
  expect(address('postgresql://app:pw@127.0.0.1:5433/shop')).toEqual({
    host: '127.0.0.1',
    port: 5433,
    database: 'shop',
    user: 'app',
    password: 'pw',
    tls: 'disable',
  });
});

test('escaped characters are decoded, a colon in a password needs no escape', () => {
  expect(address('postgres://a%40b:x%2F%3F%23%25:y@db.internal/shop%20a')).toMatchObject({
    user: 'a@b',
    password: 'x/?#%:y',
    database: 'shop a',
    port: 5432,
  });
});

test('every host but this machine gets full verification unless the URL says otherwise', () => {
  expect(address('postgresql://a:b@10.1.2.3/d').tls).toBe('verify-full');
  expect(address('postgresql://a:b@10.1.2.3/d?sslmode=verify-ca&sslrootcert=/ca.pem')).toMatchObject({
    tls: 'verify-ca',
    rootCertificate: '/ca.pem',
  });
  expect(address('postgresql://a:b@[::1]:6000/d')).toMatchObject({ host: '::1', port: 6000, tls: 'disable' });
  expect(address('postgresql://a:b@localhost/d?sslmode=prefer').tls).toBe('prefer');
  // A name of this machine that leads elsewhere is another machine.
  expect(address('postgresql://a:b@localhost/d?hostaddr=10.1.2.3').tls).toBe('verify-full');
});

test.each([
  ['', 'verify-ca'],
  ['?sslmode=require', 'verify-ca'],
  ['?sslmode=verify-full', 'verify-full'],
  ['?sslmode=disable', 'disable'],
])('with the server’s CA at hand, a URL that ends in "%s" gets %s', (query, tls) => {
  const outcome = readDatabaseUrl(`postgresql://a:b@10.1.2.3/d${query}`, 'X', { user: 'u', serverCa: 'PEM' });
  expect(outcome.ok && outcome.value.address).toMatchObject({ tls, serverCa: 'PEM' });
});

test('a certificate file of the URL’s own goes before the server’s CA', () => {
  const outcome = readDatabaseUrl('postgresql://a:b@h/d?sslrootcert=/ca.pem', 'X', { user: 'u', serverCa: 'PEM' });
  expect(outcome.ok && outcome.value.address).toMatchObject({ tls: 'verify-full', rootCertificate: '/ca.pem' });
  expect(outcome.ok && outcome.value.address).not.toHaveProperty('serverCa');
});

test('user and password may come from outside of the URL', () => {
  expect(address('postgresql://localhost/d').user).toBe('os-user');
  const outcome = readDatabaseUrl('postgresql://localhost/d', 'X', { user: 'u', password: 'outside' });
  expect(outcome.ok && outcome.value.address.password).toBe('outside');
});

test('a trailing line end is tolerated', () => {
  expect(address('postgresql://a:b@localhost/d\n').database).toBe('d');
});

test.each([
  ['', 'url-missing'],
  ['"postgresql://a:canary@h/d"', 'url-quoted'],
  ['‘postgresql://a:canary@h/d’', 'url-quoted'],
  ['host=h user=a password=canary dbname=d', 'url-keywords'],
  ['postgresql+asyncpg://a:canary@h/d', 'url-scheme'],
  ['mysql://a:canary@h/d', 'url-scheme'],
  ['jdbc:postgresql://h/d?password=canary', 'url-scheme'],
  ['h:5432/canary', 'url-scheme'],
  ['postgresql://a:can/ary@h/d', 'url-unescaped'],
  ['postgresql://a:can#ary@h/d', 'url-unescaped'],
  ['postgresql://a:can?ary@h/d', 'url-unescaped'],
  ['postgresql://a:can@ary@h/d', 'url-unescaped'],
  ['postgresql://a:can%ary@h/d', 'url-unescaped'],
  ['postgresql://a:can ary@h/d', 'url-unescaped'],
  ['postgresql://a:1234?ary@h/d', 'url-unescaped'],
  ['postgresql://a:canary@h1,h2:5432/d', 'url-hosts'],
  ['postgresql://a:canary@h1:5432,h2:5432/d', 'url-hosts'],
  ['postgresql://a:canary@/d', 'url-host'],
  ['postgresql://a:canary@[::1/d', 'url-host'],
  ['postgresql://a:canary@h:54a/d', 'url-port'],
  ['postgresql://a:canary@h:99999/d', 'url-port'],
  ['postgresql://a:canary@h', 'url-no-database'],
  ['postgresql://a:canary@h:5432/', 'url-no-database'],
  ['postgresql://a:canary@h/d?sslmode=no-verify', 'url-sslmode'],
  ['postgresql://a:canary@h/d?sslmode=prefer', 'url-sslmode'],
])('%s is refused as `%s`, without a word of it', (url, code) => {
  const outcome = read(url);
  expect(outcome.ok ? 'accepted' : outcome.findings[0]?.code).toBe(code);
  expect(JSON.stringify(outcome)).not.toMatch(/canary|can.?ary/);
});

test('a socket folder is taken as host, and as this machine', () => {
  expect(address('postgresql://a:b@/d?host=/cloudsql/p:r:i').host).toBe('/cloudsql/p:r:i');
  expect(address('postgresql://a:b@%2Fvar%2Frun%2Fpostgresql/d').host).toBe('/var/run/postgresql');
  expect(isLoopbackHost('/var/run/postgresql')).toBe(true);
  expect(isLoopbackHost('127.example.com')).toBe(false);
});

test.each([
  ['options=-c%20search_path%3Dt1', 't1'],
  ['options=-csearch_path=t1', 't1'],
  ['options=--search-path%3Dt1', 't1'],
  ['options=-c%20search_path%3Dt1%5C%20,t2', 't1 ,t2'],
  ['search_path=t1,t2', 't1,t2'],
  ['currentSchema=t1', 't1'],
  ['schema=T%20one', '"T one"'],
  ['options=-c%20geqo%3Doff&schema=t', '"t"'],
])('F01: a schema that the URL names becomes the search path: %s', (parameter, path) => {
  const options = address(`postgresql://a:b@localhost/d?${parameter}`).options ?? '';
  expect(readStartupOptions(options).settings['search_path']).toBe(path);
});

test('two parameters that name different schemas are refused: `url-schema`', () => {
  const outcome = read('postgresql://a:b@localhost/d?schema=t1&options=-csearch_path%3Dt2');
  expect(outcome.ok ? [] : outcome.findings).toMatchObject([{ code: 'url-schema' }]);
});

test('what is for other programs or overruled is told: `url-parameter`', () => {
  const outcome = read(
    'postgresql://a:b@localhost/d?pgbouncer=true&options=-c%20statement_timeout%3D1s&application_name=x',
  );
  expect(outcome.ok && outcome.value.findings.map(({ code, severity, why }) => [code, severity, why])).toEqual([
    ['url-parameter', 'warning', expect.stringContaining('`pgbouncer` has no effect')],
    ['url-parameter', 'warning', expect.stringContaining('`application_name` has no effect')],
    ['url-parameter', 'warning', expect.stringContaining('`options` sets statement_timeout')],
  ]);
});

test.each([
  'postgresql://a%40b:p%2Fw@[::1]:5/d%20e?sslmode=require&options=-c%20role%3Dx%5C%20y&connect_timeout=7',
  'postgresql://a@db.internal/d?hostaddr=10.0.0.1&sslnegotiation=direct&channel_binding=require&require_auth=!md5',
  'postgresql://a:b@/d?host=/var/run/x&keepalives=0&target_session_attrs=read-write',
  'postgresql://a:b@h/d?sslrootcert=/c&sslcert=/e&sslkey=/k&sslpassword=p%26&sslcrl=/r&ssl_min_protocol_version=TLSv1.3',
])('the URL that is written for another process leads to the same address: %s', (url) => {
  const once = address(url);
  expect(address(databaseUrlOf(once))).toEqual(once);
});

test('the URL for commands is the given one, with what came from elsewhere', () => {
  const url = 'postgresql://h:1/d?schema=x&pgbouncer=true';
  const outcome = readDatabaseUrl(url, 'X', { user: 'u@', password: 'p/w' });
  expect(outcome.ok && withCredentials(url, outcome.value.address)).toBe(
    'postgresql://u%40:p%2Fw@h:1/d?schema=x&pgbouncer=true',
  );
});
