import { entries } from './entry.ts';

/** The runner inside of a job. */
export const jobFaults = entries({
  'channel-full': {
    title: 'There is more to tell than the log of a job takes',
    why: 'An execution may write 2,000 lines and 32 MiB.',
    fix: 'What was changed is in the history of the database. Ask for less at once: `godwit runs show ID`, or `--limit`.',
    exit: 42,
  },
  'job-input': {
    title: 'The runner got nothing to do, or something it does not understand',
    why: 'The variables that a job of godwit is started with are missing or damaged.',
    fix: 'Jobs are started by `godwit up -e NAME` and its like, not by hand.',
    exit: 2,
  },
  'job-repeated': {
    title: 'The platform started this run again, and the runner refused',
    why: 'A run is performed once. A platform that repeats it does not know what the first attempt has done.',
    fix: 'Run the command again: it goes on where the history ends. Jobs of godwit have no retries; look at who changed `maxRetries` of this one.',
    exit: 42,
  },
});
