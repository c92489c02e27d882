import { listAll } from '../../google/operations.ts';
import { sweepImages } from '../../image/sweep-images.ts';
import type { CloudRunContext } from './context.ts';
import { repositoryOf } from './job-image.ts';
import type { RunJob } from './resources.ts';

/** Short, because the run is over and its user waits. */
const timeoutMs = 10_000;
/** With more jobs than this, nobody can say which images are in use. */
const mostJobs = 2_000;

/**
 * Removes images that the retention policy releases and that no job of the project refers to, in any environment.
 * Called after a new image was pushed; it never makes a run fail.
 *
 * @returns the digests that were removed
 */
export async function removeOldImages(context: CloudRunContext): Promise<readonly string[]> {
  const { google, options } = context;
  const { project, region } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  const jobs = await listAll<RunJob>(google, {
    service: 'run',
    path: `v2/projects/${project}/locations/${region}/jobs`,
    query: { pageSize: '200' },
    field: 'jobs',
    most: mostJobs,
    signal,
  });
  if (!jobs.ok || jobs.value.length === mostJobs) return [];
  const inUse = jobs.value.flatMap(({ template }) => (template?.template?.containers ?? []).map(({ image }) => image));
  const image = repositoryOf(options);
  const removed = await sweepImages(google, { project, region, image, inUse, now: Date.now(), signal });
  return removed.ok ? removed.value : [];
}
