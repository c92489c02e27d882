import { entries } from './entry.ts';

/** What can be wrong with a database URL. The texts never quote the URL: it holds a password. */
export const urlFaults = entries({
  'url-missing': {
    title: 'The database URL is not set',
    why: 'The environment variable that should hold the URL is unset or empty.',
    fix: 'Set it: `export DATABASE_URL=postgresql://USER:PASSWORD@HOST:5432/DATABASE`.',
    exit: 2,
  },
  'url-quoted': {
    title: 'The database URL is wrapped in quotes',
    why: 'The quotes are part of the value, as can happen in .env files and secrets. Drivers then connect to a host called `base`.',
    fix: 'Store the URL without quotes.',
    exit: 2,
  },
  'url-keywords': {
    title: 'The database URL is a keyword string',
    why: 'The value has libpq’s form `host=… user=…` instead of the form of a URL.',
    fix: 'Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE.',
    exit: 2,
  },
  'url-scheme': {
    title: 'The database URL has the wrong scheme',
    why: 'Godwit accepts postgresql:// and postgres:// URLs.',
    fix: 'Begin the URL with postgresql://.',
    exit: 2,
  },
  'url-unescaped': {
    title: 'The database URL contains a character that must be escaped',
    why: 'An unescaped `/`, `?`, `#`, `@`, `%` or space in the password or user name ends that part of the URL too early.',
    fix: 'Percent-encode it: / is %2F, ? is %3F, # is %23, @ is %40, % is %25, a space is %20.',
    exit: 2,
  },
  'url-hosts': {
    title: 'The database URL names several hosts',
    why: 'A migration goes to one server. Drivers treat such a list as one long host name.',
    fix: 'Name the primary server only.',
    exit: 2,
  },
  'url-host': {
    title: 'The database URL lacks a usable host',
    why: 'A host name or an IP address (IPv6 in square brackets) must follow the `@`.',
    fix: 'Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE.',
    exit: 2,
  },
  'url-port': {
    title: 'The port in the database URL is invalid',
    why: 'A port is a number from 1 to 65535.',
    fix: 'Write the port as a number after the host, or omit it to use 5432.',
    exit: 2,
  },
  'url-socket': {
    title: 'The database URL points to a socket that does not exist here',
    why: 'The URL names a socket folder, such as /cloudsql/… of the Cloud SQL proxy, which exists only where that proxy is mounted.',
    fix: 'Use the private IP of the instance: postgresql://USER:PASSWORD@10.x.x.x:5432/DATABASE.',
    exit: 2,
  },
  'url-no-database': {
    title: 'The database URL does not name a database',
    why: 'Nothing follows the host. Drivers then use the user’s name as the database.',
    fix: 'Add the name: postgresql://USER:PASSWORD@HOST:5432/DATABASE.',
    exit: 2,
  },
  'url-sslmode': {
    title: 'The sslmode in the database URL is not supported',
    why: 'Godwit supports disable, require, verify-ca and verify-full. The other modes fall back to an unencrypted connection without a warning.',
    fix: 'Use sslmode=verify-full, with sslrootcert=FILE if the server has a CA of its own.',
    exit: 2,
  },
  'url-certificate': {
    title: 'The CA file named in the database URL does not exist',
    why: 'sslrootcert names the certificates that godwit verifies the server’s certificate with.',
    fix: 'Correct the path after sslrootcert= (it is relative to the working directory), or fetch the file first.',
    exit: 2,
  },
  'url-schema': {
    title: 'The database URL names a schema',
    why: 'PostgreSQL has no such connection parameter, so the migrations would go into another schema.',
    fix: 'Remove the parameter. Set the schema in the database instead (`ALTER ROLE … IN DATABASE … SET search_path = …;`), or name it in the migrations.',
    exit: 2,
  },
  'url-parameter': {
    title: 'A parameter of the database URL has no effect',
    why: 'PostgreSQL has no such connection parameter; another tool may read it.',
    fix: 'Remove it, or ignore this warning.',
    exit: 0,
    severity: 'warning',
  },
  'url-in-file': {
    title: 'A configuration file contains a password',
    why: 'Files are committed, copied and shared, so godwit accepts passwords only from outside them.',
    fix: 'Put the URL into an environment variable and name it: database: { env: "DATABASE_URL" }.',
    exit: 2,
  },
});
