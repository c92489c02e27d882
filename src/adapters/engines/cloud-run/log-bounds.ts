import type { RunExecution } from './resources.ts';

/** The times, in milliseconds since 1970, between which the lines of an execution are searched. */
export interface LogBounds {
  readonly from: number;
  /** Absent: up to now. */
  readonly until?: number;
}

/** The clock of the machine that named the run may be ahead of the platform’s by this much. */
const clockToleranceMs = 10 * 60_000;
/** Lines bear the platform’s own times, so that the execution’s creation is nearly exact. */
const beforeCreationMs = 60_000;
/** How long after the end of an execution its last lines may be dated. */
const afterEndMs = 60 * 60_000;
const dayMs = 24 * 60 * 60_000;
/** An execution may take a week, and may have waited before. */
const longestMs = 8 * dayMs;

/**
 * A search without bounds covers the whole log bucket, and may take minutes. The lower bound is the creation of the
 * execution if it is known, and otherwise the time in the run’s id.
 *
 * @param run a ULID
 */
export function logBounds(
  run: string,
  { createTime, completionTime }: Pick<RunExecution, 'createTime' | 'completionTime'> = {},
): LogBounds {
  const created = Date.parse(createTime ?? '');
  const completed = Date.parse(completionTime ?? '');
  return {
    from: Number.isNaN(created)
      ? (timeOf(run) ?? Date.now() - longestMs) - clockToleranceMs
      : created - beforeCreationMs,
    ...(Number.isNaN(completed) ? {} : { until: completed + afterEndMs }),
  };
}

/** The same for a run of which only the id and, perhaps, the time of its end are known. */
export function loggedBounds(run: string, finishedAt: string | undefined): LogBounds {
  const { from } = logBounds(run);
  const finished = Date.parse(finishedAt ?? '');
  return { from, until: (Number.isNaN(finished) ? from + longestMs : finished + clockToleranceMs) + afterEndMs };
}

/** Bounds for a second search, where the first has found nothing: the clocks of machines may be wrong by hours. */
export function widerBounds({ from, until }: LogBounds): LogBounds {
  return { from: from - dayMs, ...(until === undefined ? {} : { until: until + dayMs }) };
}

const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The time in a ULID, in milliseconds since 1970; undefined: it is not a ULID. Nothing is searched in the future. */
function timeOf(run: string): number | undefined {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i.test(run)) return undefined;
  const time = Array.from(run.slice(0, 10).toUpperCase()).reduce((sum, digit) => sum * 32 + digits.indexOf(digit), 0);
  return Math.min(time, Date.now());
}
