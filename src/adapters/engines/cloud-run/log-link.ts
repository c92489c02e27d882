import type { ExecutionPlace } from './names.ts';

/** Selects the lines of one execution in Cloud Logging. */
export function logFilter({ job, execution, region }: ExecutionPlace): string {
  return [
    'resource.type="cloud_run_job"',
    `resource.labels.job_name="${job}"`,
    `resource.labels.location="${region}"`,
    `labels."run.googleapis.com/execution_name"="${execution}"`,
  ].join(' AND ');
}

/**
 * A link to the log of an execution. It asks Logs Explorer, which keeps the lines when the job is long gone; the job's own
 * page would be gone with it.
 *
 * @param since ISO 8601: the explorer looks no further back than an hour by itself
 */
export function logLink(place: ExecutionPlace, since: string | undefined): string {
  const filter = `${logFilter(place)}${since === undefined ? '' : ` AND timestamp>="${since}"`}`;
  return `https://console.cloud.google.com/logs/query;query=${encodeURIComponent(filter)}?project=${place.project}`;
}
