import { entries } from './entry.ts';

/** The embedded PostgreSQL server: fetching, starting, owning its directory. */
export const embeddedFaults = entries({
  'embedded-unsupported-platform': {
    title: 'No embedded PostgreSQL for this platform',
    why: 'Embedded servers exist for Linux and macOS on x64 and arm64.',
    fix: 'Set DATABASE_URL to a PostgreSQL server of your own.',
    exit: 30,
  },
});
