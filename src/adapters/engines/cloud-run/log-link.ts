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
 * A link to the log of an execution. It opens Logs Explorer, which keeps the lines long after the job is gone; the
 * job's own page would be gone too.
 *
 * @param since ISO 8601: by default the explorer looks back only an hour
 * @param logs where Cloud Logging keeps the lines: projects or log views
 */
export function logLink(
  place: ExecutionPlace,
  since: string | undefined,
  logs: readonly string[] = [`projects/${place.project}`],
): string {
  const filter = `${logFilter(place)}${since === undefined ? '' : ` AND timestamp>="${since}"`}`;
  const views = logs.filter((name) => name.includes('/views/')).map(encodeURIComponent);
  const scope = views.length === 0 ? '' : `;storageScope=storage,${views.join(',')}`;
  const project = /^projects\/([^/]+)/.exec(logs[0] ?? '')?.[1] ?? place.project;
  return `https://console.cloud.google.com/logs/query;query=${encodeURIComponent(filter)}${scope}?project=${project}`;
}
