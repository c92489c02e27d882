import { entries } from './entry.ts';

/** The runner inside a job. */
export const jobFaults = entries({
  'channel-full': {
    title: 'The output exceeds what a job’s log can carry',
    why: 'One execution may write up to 2,000 lines and 32 MiB to Cloud Logging.',
    fix: 'The database’s history has every change. Ask for less at once: `godwit runs show RUN`, or `--limit`.',
    exit: 42,
  },
  'job-input': {
    title: 'The runner received no task, or one that it does not understand',
    why: 'The variables that godwit sets when it starts a job are missing or damaged.',
    fix: 'Do not start the job by hand: use `godwit up -e NAME` or another godwit command.',
    exit: 2,
  },
  'job-repeated': {
    title: 'This run was started again, and the runner refused',
    why: 'A run is performed once, because a platform that repeats it does not know what the first attempt did.',
    fix: 'Run the command again: it continues where the history ends. Godwit creates its jobs without retries; find out who changed `maxRetries` of this job.',
    exit: 42,
  },
});
