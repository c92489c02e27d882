import { expect, test } from 'vitest';
import { connectFault } from './connect-fault.ts';
import type { DatabaseAddress } from './address.ts';

const address: DatabaseAddress = {
  host: 'db.example.com',
  port: 5432,
  database: 'app',
  user: 'app',
  password: ['wrong', 'one'].join('-'),
  tls: 'disable',
};

function answer(code: string, message: string, more: { detail?: string; hint?: string } = {}): Error {
  return Object.assign(new Error(message), { severity: 'FATAL', code, ...more });
}

/** The words of servers, poolers and managed services, from their sources and from bug reports about them. */
test.each([
  // PostgreSQL
  ['28P01', 'password authentication failed for user "app"', 'password-refused'],
  ['28P01', 'empty password returned by client', 'password-missing'],
  ['28000', 'role "app" does not exist', 'login-refused'],
  ['28000', 'role "app" is not permitted to log in', 'login-refused'],
  ['28000', 'no pg_hba.conf entry for host "10.0.0.9", user "app", database "app", no encryption', 'login-refused'],
  ['28000', 'pg_hba.conf rejects connection for host "10.0.0.9", user "app", database "app"', 'login-refused'],
  ['28000', 'Peer authentication failed for user "app"', 'login-refused'],
  ['28000', 'LDAP authentication failed for user "app"', 'login-refused'],
  ['28000', 'connection requires a valid client certificate', 'client-certificate'],
  ['F0000', 'client certificates can only be checked if a root certificate store is available', 'client-certificate'],
  ['3D000', 'database "app" does not exist', 'database-missing'],
  ['55000', 'database "app" is not currently accepting connections', 'database-closed'],
  ['53300', 'sorry, too many clients already', 'too-many-connections'],
  ['53300', 'remaining connection slots are reserved for roles with the SUPERUSER attribute', 'too-many-connections'],
  ['53300', 'too many connections for role "app"', 'too-many-connections'],
  ['53300', 'too many connections for database "app"', 'too-many-connections'],
  ['57P03', 'the database system is starting up', 'server-starting'],
  ['57P03', 'the database system is in recovery mode', 'server-starting'],
  ['57P03', 'the database system is shutting down', 'server-starting'],
  ['57P01', 'terminating connection due to administrator command', 'server-starting'],
  ['57P02', 'terminating connection because of crash of another server process', 'server-starting'],
  ['53200', 'out of memory', 'connection-rejected'],
  ['0A000', 'unsupported frontend protocol 3.0: server supports 2.0 to 2.0', 'connection-rejected'],
  ['42501', 'permission denied for database "app"', 'login-refused'],
  // PgBouncer
  ['28P01', 'password authentication failed', 'password-refused'],
  ['08P01', 'SASL authentication failed', 'password-refused'],
  // What the server says to the pooler, passed on.
  ['08P01', 'password authentication failed for user "app"', 'password-refused'],
  ['08P01', 'database "app" does not exist', 'database-missing'],
  ['08P01', 'role "app" is not permitted to log in', 'login-refused'],
  ['08P01', 'permission denied for database "app"', 'login-refused'],
  ['08P01', 'the database system is starting up', 'server-starting'],
  ['08P01', 'sorry, too many clients already', 'too-many-connections'],
  ['08P01', 'no such user: app', 'login-refused'],
  ['08P01', 'no such database: app', 'database-missing'],
  ['3D000', 'database "app" does not exist', 'database-missing'],
  ['08P01', 'no more connections allowed (max_client_conn)', 'too-many-connections'],
  ['53300', 'no more connections allowed (max_client_conn)', 'too-many-connections'],
  ['08P01', 'query_wait_timeout', 'too-many-connections'],
  ['08P01', 'server login has been failing, try again later (server_login_retry)', 'pooler-without-server'],
  [
    '08P01',
    'server login has been failing, cached error: connect failed (server_login_retry)',
    'pooler-without-server',
  ],
  ['08P01', 'pgbouncer cannot connect to server', 'pooler-without-server'],
  ['08P01', 'client_login_timeout (server down)', 'pooler-without-server'],
  ['08P01', 'SSL required', 'tls-required'],
  ['08P01', 'database does not allow connections: app', 'database-closed'],
  ['08P01', 'unsupported startup parameter: geqo', 'connection-rejected'],
  ['58000', 'bouncer config error', 'connection-rejected'],
  // pgcat, Odyssey, Pgpool
  ['58000', 'No pool configured for database: "app", user: "app" (in session mode, pool size 5)', 'database-missing'],
  ['58000', 'could not get connection from the pool - AllServersDown', 'pooler-without-server'],
  ['08P01', "odyssey: c1: route for 'app.app' is not found", 'database-missing'],
  ['08P01', 'odyssey: c1: failed to get remote server connection', 'pooler-without-server'],
  ['57000', 'pgpool is not accepting any new connections. all backend nodes are down', 'pooler-without-server'],
  // Supavisor
  ['XX000', 'Tenant or user not found', 'login-refused'],
  ['XX000', '(ENOTFOUND) tenant/user postgres.abc not found', 'login-refused'],
  ['XX000', 'Max client connections reached', 'too-many-connections'],
  [
    'XX000',
    'MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size',
    'too-many-connections',
  ],
  ['XX000', 'unable to check out connection from the pool due to timeout', 'too-many-connections'],
  ['XX000', 'Address not in tenant allow_list: {203, 0, 113, 9}', 'login-refused'],
  ['XX000', 'SSL connection is required', 'tls-required'],
  ['XX000', 'DbHandler exited', 'pooler-without-server'],
  [
    'XX000',
    '(ECIRCUITBREAKER) too many authentication failures, new connections are temporarily blocked',
    'login-refused',
  ],
  [
    'XX000',
    '(ECIRCUITBREAKER) failed to retrieve database credentials after multiple attempts, new connections are temporarily blocked',
    'pooler-without-server',
  ],
  // Neon
  ['XX000', 'The endpoint has been disabled. Enable it using Neon API and retry.', 'connection-rejected'],
  [
    '08P01',
    'Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI support',
    'connection-rejected',
  ],
  ['XX000', 'connection is insecure (try using `sslmode=require`)', 'tls-required'],
  ['53000', 'Control plane request failed', 'pooler-without-server'],
  [
    'XX000',
    'Your account or project has exceeded the compute time quota. Upgrade your plan to increase limits.',
    'connection-rejected',
  ],
  ['XX000', "Couldn't connect to compute node", 'pooler-without-server'],
  [
    '53300',
    'Failed to acquire permit to connect to the database. Too many database connection attempts are currently ongoing.',
    'too-many-connections',
  ],
  // RDS Proxy, RDS, Cloud SQL, Azure, CockroachDB
  [
    '28000',
    'This RDS proxy has no credentials for the role app. Check the credentials for this role and try again.',
    'login-refused',
  ],
  ['28P01', 'The password that was provided for the role app is wrong.', 'password-refused'],
  ['08P01', 'RDS Proxy supports only IAM, MD5, or SCRAM authentication.', 'login-refused'],
  ['28000', 'This RDS Proxy requires TLS connections', 'tls-required'],
  ['28000', 'PAM authentication failed for user "app"', 'login-refused'],
  ['28000', 'Cloud SQL IAM service account authentication failed for user "app"', 'login-refused'],
  ['28000', 'SSL connection is required. Please specify SSL options and retry.', 'tls-required'],
  ['08004', 'codeParamsRoutingFailed: missing cluster identifier', 'connection-rejected'],
  ['53400', 'too many connections for database "app"', 'too-many-connections'],
  ['28000', 'role "app" is locked', 'login-refused'],
])('F07: an answer is never told as a network that fails: %s %s (`%s`)', (state, message, code) => {
  const finding = connectFault(answer(state, message), address);
  expect(finding.code).toBe(code);
  expect(finding.why).toContain(`db.example.com:5432: ${message}`);
  expect(finding.why).toContain(`SQLSTATE ${state}`);
});

test('the server’s detail and hint are shown with its words', () => {
  const refused = answer('XX000', 'Proxy error', { detail: 'Backend 7 is away.', hint: 'Try again.' });
  expect(connectFault(refused, address)).toMatchObject({
    code: 'connection-rejected',
    why: 'db.example.com:5432: Proxy error. Backend 7 is away. Hint: Try again. (SQLSTATE XX000)',
  });
});

test('a password that is rejected because there is none is told so (`password-missing`)', () => {
  const { password: _, ...without } = address;
  expect(connectFault(answer('28P01', 'password authentication failed for user "app"'), without).code).toBe(
    'password-missing',
  );
});

test('a login by IAM says that godwit takes passwords only', () => {
  const refused = answer('28000', 'Cloud SQL IAM user authentication failed for user "app"');
  expect(connectFault(refused, address).fix).toContain('Godwit logs in with a password only');
});

test.each([
  ['CERT_HAS_EXPIRED', 'certificate has expired', 'tls-refused', /Renew/],
  ['CERT_NOT_YET_VALID', 'certificate is not yet valid', 'tls-refused', /clock/],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', 'tls-refused', /sslrootcert=FILE/],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    "Hostname/IP does not match certificate's altnames",
    'tls-refused',
    /sslmode=verify-ca/,
  ],
  [
    'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
    'write EPROTO 1:error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:ssl/rec.c:1605:',
    'client-certificate',
    /password/,
  ],
  [
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    '1:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:ssl/rec.c:1605:',
    'client-certificate',
    /password/,
  ],
  [
    'ERR_SSL_UNSUPPORTED_PROTOCOL',
    '1:error:0A000102:SSL routines:state_machine:unsupported protocol:statem.c:3:',
    'tls-failed',
    /ssl_min_protocol_version/,
  ],
  [
    'ERR_SSL_WRONG_VERSION_NUMBER',
    '1:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:rec.c:3:',
    'tls-failed',
    /versions/,
  ],
])('TLS fails by its own cause: %s (`tls-refused`, `tls-failed`)', (code, message, expected, fix) => {
  const finding = connectFault(Object.assign(new Error(message), { code }), { ...address, tls: 'verify-full' });
  expect(finding.code).toBe(expected);
  expect(finding.fix).toMatch(fix);
});

test('a CA that is given and did not sign is not asked for again', () => {
  const error = Object.assign(new Error('self-signed certificate in certificate chain'), {
    code: 'SELF_SIGNED_CERT_IN_CHAIN',
  });
  const given = { ...address, tls: 'verify-full', rootCertificate: '/ca.pem' } as const;
  expect(connectFault(error, given).fix).toContain('did not sign');
});

test.each([
  ['read', 'ECONNRESET', 'connection-closed'],
  ['write', 'EPIPE', 'connection-closed'],
  ['open', 'ENOENT', 'url-certificate'],
  ['read', 'EISDIR', 'url-certificate'],
])('a failing %s (%s) is `%s`: a socket is read too', (syscall, code, expected) => {
  const error = Object.assign(new Error(`${syscall} ${code}`), { syscall, code });
  expect(connectFault(error, address).code).toBe(expected);
});
