import { isIP } from 'node:net';
import type { Asked, ParameterReading, Rule } from './asked.ts';
import { foreignParameters } from './foreign-parameters.ts';

const nothing: ParameterReading = { asked: {} };

function keep(key: keyof Asked): Rule {
  return (value) => ({ asked: { [key]: value } });
}

/** Accepts the values that mean what godwit does anyway, and refuses the others. */
function only(values: RegExp, why: string, fix: string): Rule {
  return (value) => (values.test(value) ? nothing : { why, fix });
}

function oneOf(key: keyof Asked, name: string, values: readonly string[]): Rule {
  return (value) =>
    values.includes(value)
      ? { asked: { [key]: value } }
      : {
          why: `The value of \`${name}\` is not one of ${values.join(', ')}.`,
          fix: `Correct \`${name}\`, or remove it.`,
        };
}

function refused(why: string, fix: string): Rule {
  return () => ({ why, fix });
}

const login = 'Godwit logs in with a password, with a client certificate, or with neither.';
const reconnects =
  'Godwit notices lost connections itself: it probes an idle one every 10 s, and the server watches its end.';

const zero = /^(0|no|off|false|)$/i;

/** The connection parameters of libpq. */
const libpqParameters: Readonly<Record<string, Rule>> = {
  host: keep('host'),
  port: keep('port'),
  dbname: keep('dbname'),
  user: keep('user'),
  password: keep('password'),
  passfile: keep('passfile'),
  hostaddr: (value) =>
    isIP(value) !== 0
      ? { asked: { hostaddr: value } }
      : {
          why: '`hostaddr` is not one IP address.',
          fix: 'Give one IP address, or remove `hostaddr` and use the host.',
        },
  // Web forms write a space as `+`; in the URL of a database it is a plus sign.
  options: (value) =>
    /\+-|-c\+/.test(value)
      ? {
          why: '`options` contains `+` in the place of a space.',
          fix: 'Write %20 in place of `+`: options=-c%20geqo%3Doff.',
        }
      : { asked: { options: value } },
  sslmode: keep('sslmode'),
  sslrootcert: keep('sslrootcert'),
  sslcert: keep('sslcert'),
  sslkey: keep('sslkey'),
  sslpassword: keep('sslpassword'),
  sslcrl: keep('sslcrl'),
  sslcrldir: refused('Godwit reads one list of revoked certificates, not a folder.', 'Name the file with sslcrl=FILE.'),
  sslcertmode: (value) =>
    value === 'disable'
      ? { asked: { withholdsCertificate: true } }
      : only(
          /^(allow)?$/,
          'Of `sslcertmode`, godwit supports `allow` and `disable`: it cannot see whether the server has asked for the certificate.',
          'Remove `sslcertmode`: the certificate of `sslcert` is sent when the server asks for it.',
        )(value),
  sslcompression: only(zero, 'Compression of encrypted connections is not supported.', 'Remove `sslcompression`.'),
  sslsni: only(/^1?$/, 'The host’s name is always sent along with the TLS handshake.', 'Remove `sslsni`.'),
  sslnegotiation: (value) =>
    value === 'direct'
      ? { asked: { tlsDirect: true } }
      : only(
          /^(postgres)?$/,
          '`sslnegotiation` is neither `postgres` nor `direct`.',
          'Remove `sslnegotiation`.',
        )(value),
  sslkeylogfile: refused('Godwit writes no keys of encrypted connections.', 'Remove `sslkeylogfile`.'),
  ssl_min_protocol_version: version('tlsMinimum', 'ssl_min_protocol_version'),
  ssl_max_protocol_version: version('tlsMaximum', 'ssl_max_protocol_version'),
  channel_binding: oneOf('channelBinding', 'channel_binding', ['prefer', 'disable', 'require']),
  require_auth: (value) => {
    const methods = value.split(',').map((method) => method.trim().replace(/^!/, ''));
    return methods.every((method) => authMethods.has(method))
      ? { asked: { requireAuth: value } }
      : { why: 'A value of `require_auth` is not a login method.', fix: 'Write require_auth=scram-sha-256.' };
  },
  connect_timeout: (value) =>
    /^\s*[+-]?\d{1,7}\s*$/.test(value)
      ? { asked: { connectTimeoutMs: Math.max(0, Number(value)) * 1000 } }
      : { why: '`connect_timeout` is not a number of seconds.', fix: 'Write connect_timeout=10.' },
  target_session_attrs: (value) =>
    ['any', 'primary', 'read-write'].includes(value)
      ? { asked: { session: value as 'any' } }
      : {
          why: '`target_session_attrs` asks for something other than `read-write`, `primary` or `any`: migrations need the primary server.',
          fix: 'Write target_session_attrs=read-write, or remove it.',
        },
  load_balance_hosts: only(
    /^(disable)?$/,
    '`load_balance_hosts` spreads connections over servers; all connections of a run must reach the same one.',
    'Remove `load_balance_hosts`, and name the primary server.',
  ),
  keepalives: (value) => ({ asked: { keepAlive: !/^\s*0\s*$/.test(value) } }),
  keepalives_idle: (value) =>
    /^\d{1,6}$/.test(value)
      ? { asked: Number(value) === 0 ? {} : { keepAliveMs: Number(value) * 1000 } }
      : { why: '`keepalives_idle` is not a number of seconds.', fix: 'Write keepalives_idle=10, or remove it.' },
  keepalives_interval: told(reconnects),
  keepalives_count: told(reconnects),
  tcp_user_timeout: told(reconnects),
  application_name: told('Godwit’s sessions carry the name of the run, `godwit RUN`, by which other runs find them.'),
  // It counts only where no name is given, and godwit always gives one.
  fallback_application_name: () => nothing,
  client_encoding: only(
    /^(|auto|utf-?8|unicode)$/i,
    'Migrations are sent as UTF-8, so `client_encoding` cannot be another one.',
    'Remove `client_encoding`, and save the files as UTF-8.',
  ),
  gssencmode: only(
    /^(|disable|prefer)$/,
    'Encryption by GSSAPI is not supported; godwit encrypts with TLS.',
    'Remove `gssencmode`, and use sslmode=verify-full.',
  ),
  krbsrvname: refused(`Logging in with Kerberos is not supported. ${login}`, 'Remove `krbsrvname`.'),
  gsslib: refused(`Logging in with GSSAPI is not supported. ${login}`, 'Remove `gsslib`.'),
  gssdelegation: only(zero, `Logging in with GSSAPI is not supported. ${login}`, 'Remove `gssdelegation`.'),
  requirepeer: refused(
    'Node cannot see which user runs the server behind a socket, so `requirepeer` could not be checked.',
    'Remove `requirepeer`, and use a socket folder in which only that user may write.',
  ),
  replication: only(zero, 'Migrations cannot run on a replication connection.', 'Remove `replication`.'),
  service: refused(
    'Service files are not read.',
    'Write what the service says into the URL: postgresql://USER:PASSWORD@HOST:5432/DATABASE.',
  ),
  servicefile: refused('Service files are not read.', 'Write what the service says into the URL.'),
  min_protocol_version: only(
    /^(3\.0)?$/,
    'Godwit speaks version 3.0 of the protocol.',
    'Remove `min_protocol_version`.',
  ),
  max_protocol_version: () => nothing,
  scram_client_key: refused(login, 'Remove `scram_client_key`, and give the password.'),
  scram_server_key: refused(login, 'Remove `scram_server_key`, and give the password.'),
  ...Object.fromEntries(
    ['oauth_issuer', 'oauth_client_id', 'oauth_client_secret', 'oauth_scope'].map((name) => [
      name,
      refused(`Logging in with OAuth is not supported. ${login}`, `Remove \`${name}\`.`),
    ]),
  ),
  // As libpq reads it in a URL.
  ssl: (value) =>
    value === 'true'
      ? { asked: { sslmode: 'require' } }
      : {
          why: 'PostgreSQL knows `ssl=true` only.',
          fix: 'Write sslmode=verify-full, require or disable in place of `ssl`.',
        },
};

const authMethods: ReadonlySet<string> = new Set(['password', 'md5', 'gss', 'sspi', 'scram-sha-256', 'oauth', 'none']);

function told(why: string): Rule {
  return () => ({ told: why, fix: 'Remove it, or ignore this warning.' });
}

function version(key: 'tlsMinimum' | 'tlsMaximum', name: string): Rule {
  return (value) => {
    const found = (['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const).find(
      (known) => known.toLowerCase() === value.toLowerCase(),
    );
    if (found !== undefined) return { asked: { [key]: found } };
    return value === '' ? nothing : { why: `\`${name}\` is not a version of TLS.`, fix: `Write ${name}=TLSv1.2.` };
  };
}

/** How a parameter is read; undefined: nobody knows it. */
export function ruleOf(name: string): Rule | undefined {
  if (Object.hasOwn(libpqParameters, name)) return libpqParameters[name];
  return Object.hasOwn(foreignParameters, name) ? foreignParameters[name] : undefined;
}

/** All names that are known. */
export const parameterNames: readonly string[] = [...Object.keys(libpqParameters), ...Object.keys(foreignParameters)];
