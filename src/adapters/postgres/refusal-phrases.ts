import type { FaultCode } from '../../kit/catalogue/index.ts';

/** What servers, poolers and managed services say when they reject a connection. */
export interface Phrase {
  readonly words: RegExp;
  /** Only with these SQLSTATEs. */
  readonly states?: RegExp;
  readonly code: FaultCode;
  readonly fix?: string;
}

const wait = 'Wait until the provider allows connections again';

/** The first phrase that fits counts. Sources: PgBouncer, pgcat, Odyssey, Pgpool, Supavisor, Neon, RDS, Cloud SQL, Azure. */
export const phrases: readonly Phrase[] = [
  // A pooler's own login, not that of the client.
  {
    words: /failed to retrieve database credentials|EAUTHQUERY|auth_query/i,
    code: 'pooler-without-server',
  },
  // Who may connect at all.
  {
    words: /too many (failed |)(authentication|login) (failures|attempts)|ECIRCUITBREAKER|circuit breaker/i,
    code: 'login-refused',
    fix: `The provider has blocked logins after too many failed ones. Correct user and password first. ${wait}.`,
  },
  {
    words:
      /not in (the )?tenant allow.?list|is not allowed to connect|IP address .*(not allowed|blocked)|Virtual Networks? is not allowed/i,
    code: 'login-refused',
    fix: 'Add the address that this machine, or the job, appears under to the provider’s list of allowed addresses, or connect over the private network.',
  },
  // Encryption.
  {
    words:
      /connection is insecure|(SSL|TLS)( connection)?s? (is |are )?required|requires? (SSL|TLS)|SSL connection required|TLS connections? (is|are) required|client tls required/i,
    code: 'tls-required',
  },
  {
    words: /client certificates can only be checked/i,
    code: 'client-certificate',
    fix: 'The server demands client certificates and has no authority to check them with: set ssl_ca_file on the server, or remove clientcert from its pg_hba.conf.',
  },
  {
    words: /valid client certificate|certificate authentication failed/i,
    code: 'client-certificate',
  },
  {
    words: /no encryption|SSL off/,
    states: /^28000$/,
    code: 'login-refused',
    fix: 'The server has no rule for this address, user and database without encryption. If it has one with TLS, write `sslmode=verify-full` (or `sslmode=require`); otherwise ask for an entry in pg_hba.conf.',
  },
  {
    words: /no pg_hba\.conf entry/,
    code: 'login-refused',
    fix: 'The server has no rule for this address, user and database: ask for an entry in pg_hba.conf (on a managed service: for this network to be allowed).',
  },
  // Passwords that are none.
  {
    words: /\bIAM\b.*(authentication|login)|AAD|Entra|Azure AD|access token|PAM authentication failed/i,
    code: 'login-refused',
    fix: 'Godwit logs in with a password only. For an IAM user the token of the service is the password, as long as it is valid: set PGPASSWORD to a fresh one (`gcloud sql generate-login-token`, `aws rds generate-db-auth-token`), or create a role with a password.',
  },
  {
    words: /(LDAP|RADIUS|BSD|GSSAPI|SSPI) authentication failed/i,
    code: 'login-refused',
    fix: 'The server has another service check the password (LDAP, RADIUS, Kerberos): check the password there, or ask for an entry in pg_hba.conf with scram-sha-256 for this role.',
  },
  {
    words: /(Peer|Ident) authentication failed/i,
    code: 'login-refused',
    fix: 'The server compares the role with the operating system’s account. Run as the account with that name, or connect to host and port with a password.',
  },
  {
    words: /empty password returned by client|password is (missing|required)|no password supplied/i,
    code: 'password-missing',
  },
  // Poolers that know no such user or database.
  {
    words: /Tenant or user not found|tenant\/user .* not found|ENOTFOUND.*tenant/i,
    code: 'login-refused',
    fix: 'The pooler does not know this user. Supabase’s pooler expects the user `postgres.PROJECT` and the host of the project’s region: copy both from “Connect” in the dashboard.',
  },
  {
    words: /no such user|unknown user|no user '|There is no user|user not configured|has no credentials for the role/i,
    code: 'login-refused',
  },
  {
    words: /\b(is|role|account|user)\b.*\b(locked|disabled|suspended)\b/i,
    states: /^28/,
    code: 'login-refused',
    fix: 'Ask an administrator to unlock the role.',
  },
  {
    words: /No pool configured for database/i,
    code: 'database-missing',
    fix: 'Add database and user to the pooler’s configuration, or correct them in the database URL.',
  },
  {
    words: /no such database|unknown database|database not found|route for .* (is )?not found/i,
    code: 'database-missing',
    fix: 'Add the database to the pooler’s configuration, or correct the last part of the database URL.',
  },
  { words: /^password authentication failed/i, code: 'password-refused' },
  { words: /^database ".*" does not exist/i, code: 'database-missing' },
  { words: /^role ".*" (does not exist|is not permitted to log in)/i, code: 'login-refused' },
  { words: /^permission denied for database/i, code: 'login-refused' },
  { words: /database does not allow connections/i, code: 'database-closed' },
  {
    words: /SASL authentication failed|wrong password|invalid password|incorrect password|password .* is wrong/i,
    code: 'password-refused',
    fix: 'The pooler rejects user or password: compare both with those that the pooler knows, and percent-encode every character of the password that is not a letter, a digit or one of - . _ ~',
  },
  // Full.
  {
    words: /query_wait_timeout/i,
    code: 'too-many-connections',
    fix: 'The pooler had no server connection to give within its query_wait_timeout: all are in use (close some, or raise the pool size), or its server does not answer (see its log).',
  },
  {
    words: /too many connections for (role|user)/i,
    code: 'too-many-connections',
    fix: 'Close connections of this role, or raise its limit: ALTER ROLE name CONNECTION LIMIT n.',
  },
  {
    words: /too many connections for database/i,
    code: 'too-many-connections',
    fix: 'Close connections to this database, or raise its limit: ALTER DATABASE name CONNECTION LIMIT n.',
  },
  {
    words:
      /Max client connections reached|max_client_conn|max clients reached|MaxClients|no more connections allowed|too many (clients|connections|tcp connections|database connection attempts)|check ?out connection|waiting to acquire|reached.*connection limit|connection limit/i,
    code: 'too-many-connections',
    fix: 'Close connections of other programs, or raise the pooler’s limit (pool size, max_client_conn). A `directUrl` that avoids the pooler does not need one of its places.',
  },
  // Poolers and proxies without a server.
  {
    words:
      /server login has been failing|server_login_retry|cannot connect to server|server (conn|connection) (crashed|failed)|client_login_timeout|AllServersDown|could not get connection from the pool|all backend nodes are down|failed to get remote server connection|EDBHANDLEREXITED|connection to database not available|DbHandler exited|Couldn.t connect to compute node|(failed to|could not|unable to) connect to (the )?(database|compute|upstream|backend)|control plane request failed/i,
    code: 'pooler-without-server',
  },
  {
    words: /(pooler|bouncer|database|server) is (being )?shut(ting)? ?down|server shutting down|pool is shut down/i,
    code: 'server-starting',
  },
  // What a managed service has switched off.
  {
    words: /endpoint (has been|is) disabled|quota|compute time|suspended|paused/i,
    code: 'connection-rejected',
    fix: 'The service has switched this database off: enable it, or raise the limit of the plan, in the provider’s console.',
  },
  {
    words: /Endpoint ID is not specified|inferred from SNI|missing cluster identifier/i,
    code: 'connection-rejected',
    fix: 'The service chooses the database by the host name that TLS carries: connect by the name that the provider gives (not by an IP address), with `sslmode=verify-full`.',
  },
  {
    words: /endpoint could not be found|you don.t have access to it/i,
    code: 'connection-rejected',
    fix: 'The endpoint was deleted, or the host name belongs to another project: copy the URL from the provider’s console.',
  },
  {
    words: /Hot standby mode is disabled/i,
    code: 'connection-rejected',
    fix: 'The server is a standby that takes no connections: point the environment to the primary server.',
  },
  {
    words: /starting up|shutting down|recovery mode|not yet accepting connections|consistent recovery state/i,
    code: 'server-starting',
  },
  {
    words: /unsupported startup parameter/i,
    code: 'connection-rejected',
    fix: 'The pooler does not accept this parameter: remove it from the database URL, add it to the pooler’s ignore_startup_parameters, or use the server’s own address (`directUrl`).',
  },
  {
    words: /could not fork|out of memory/i,
    code: 'connection-rejected',
    fix: 'The server has no memory or process left for another connection: look into its log, and free some.',
  },
];
