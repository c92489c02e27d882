import { entries } from './entry.ts';

/** What can be wrong with a database URL. The texts never quote the URL: it holds a password. */
export const urlFaults = entries({
  'url-missing': {
    title: 'The database URL is not set',
    why: 'The environment variable that should hold it is unset or empty.',
    fix: 'Set it: `export DATABASE_URL=postgresql://USER:PASSWORD@HOST:5432/DATABASE`.',
    exit: 2,
  },
  'url-quoted': {
    title: 'The database URL is wrapped in quotes',
    why: 'The quotes are part of the value, as happens in .env files and secrets. Drivers then connect to a host called `base`.',
    fix: 'Store the URL without quotes.',
    exit: 2,
  },
  'url-keywords': {
    title: 'The database URL is a keyword string',
    why: 'It has the form `host=… user=…` of libpq, not that of a URL.',
    fix: 'Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE.',
    exit: 2,
  },
  'url-scheme': {
    title: 'The database URL has the wrong scheme',
    why: 'Godwit connects to postgresql:// or postgres:// URLs.',
    fix: 'Begin the URL with postgresql://.',
    exit: 2,
  },
  'url-unescaped': {
    title: 'The database URL holds a character that must be escaped',
    why: 'A password (or user name) may not hold `/`, `?`, `#`, `@`, `%` or white space as they are: the URL then ends in the wrong place.',
    fix: 'Percent-encode it: / is %2F, ? is %3F, # is %23, @ is %40, % is %25, a space is %20.',
    exit: 2,
  },
  'url-hosts': {
    title: 'The database URL names several hosts',
    why: 'A migration goes to one server. Drivers take such a list as one long host name.',
    fix: 'Name the primary server only.',
    exit: 2,
  },
  'url-host': {
    title: 'The database URL names no usable host',
    why: 'There must be a host name or an IP address (IPv6 in square brackets) after the `@`.',
    fix: 'Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE.',
    exit: 2,
  },
  'url-port': {
    title: 'The port in the database URL is not a port',
    why: 'A port is a number from 1 to 65535.',
    fix: 'Write the port as a number after the host, or leave it out for 5432.',
    exit: 2,
  },
  'url-socket': {
    title: 'The database URL points to a socket that is not here',
    why: 'It names a socket folder, such as /cloudsql/… of the Cloud SQL proxy, which exists only where that proxy is mounted.',
    fix: 'Use the private IP of the instance: postgresql://USER:PASSWORD@10.x.x.x:5432/DATABASE.',
    exit: 2,
  },
  'url-no-database': {
    title: 'The database URL names no database',
    why: 'There is nothing after the host. Drivers then take the user’s name as database.',
    fix: 'Add the name: postgresql://USER:PASSWORD@HOST:5432/DATABASE.',
    exit: 2,
  },
  'url-sslmode': {
    title: 'The sslmode in the database URL cannot be used',
    why: 'Known are disable, require, verify-ca and verify-full; others fall back to an unencrypted connection without a word.',
    fix: 'Use sslmode=verify-full, with sslrootcert=FILE if the server has a CA of its own.',
    exit: 2,
  },
  'url-certificate': {
    title: 'The CA file named in the database URL does not exist',
    why: 'sslrootcert names the file of certificates that the server’s own is verified with.',
    fix: 'Correct the path behind sslrootcert=, which starts from the working directory, or fetch the file first.',
    exit: 2,
  },
  'url-schema': {
    title: 'The database URL names a schema',
    why: 'PostgreSQL has no such connection parameter, and the migrations would go into another schema.',
    fix: 'Remove it, and say it in the database: `ALTER ROLE … IN DATABASE … SET search_path = …;`, or write the schema in the migrations.',
    exit: 2,
  },
  'url-parameter': {
    title: 'A parameter of the database URL has no effect',
    why: 'PostgreSQL has no such connection parameter; another tool may read it.',
    fix: 'Remove it, or ignore this.',
    exit: 0,
    severity: 'warning',
  },
  'url-in-file': {
    title: 'A configuration file holds a password',
    why: 'Files are committed, copied and shown; passwords stay outside of them.',
    fix: 'Put the URL into an environment variable and name it: database: { env: "DATABASE_URL" }.',
    exit: 2,
  },
});
