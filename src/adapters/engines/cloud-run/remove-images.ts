import { listAll } from '../../google/operations.ts';
import { artifactPlace, isLoopbackRegistry, parseReference, type ArtifactPlace } from '../../image/reference.ts';
import { sweepImages } from '../../image/sweep-images.ts';
import type { CloudRunContext } from './context.ts';
import { repositoryOf } from './job-image.ts';
import type { CloudRunOptions } from './options.ts';
import type { RunJob } from './resources.ts';

/** Short, because the run is over and its user waits. */
const timeoutMs = 10_000;
/** With more jobs than this, nobody can say which images are in use. */
const mostJobs = 2_000;

/**
 * Removes images that the retention policy releases and that no job of the project refers to, in any environment.
 * Images in another project or registry may be in use by jobs that cannot be seen from here, so they remain. Called after a new image was pushed; it never makes a run fail.
 *
 * @returns the digests that were removed
 */
export async function removeOldImages(
  context: Pick<CloudRunContext, 'google' | 'options'>,
): Promise<readonly string[]> {
  const { google, options } = context;
  const { project, region } = options;
  const place = ownPlace(options);
  if (place === undefined) return [];
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
  const removed = await sweepImages(google, { place, inUse, now: Date.now(), signal });
  return removed.ok ? removed.value : [];
}

/** Where the environment's images are, if that is a repository of its own project. */
function ownPlace(options: CloudRunOptions): ArtifactPlace | undefined {
  const name = parseReference(repositoryOf(options));
  if (!name.ok) return undefined;
  const { host, repository } = name.value;
  // The emulator's registry stands for the one of the region.
  const emulated = options.endpoints.artifactregistry !== undefined && isLoopbackRegistry(host);
  const place = artifactPlace({ host: emulated ? `${options.region}-docker.pkg.dev` : host, repository });
  return place?.project === options.project ? place : undefined;
}
