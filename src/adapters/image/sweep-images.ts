import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { googleFault } from '../google/fault.ts';
import type { Google } from '../google/google.ts';
import { listAll } from '../google/operations.ts';
import type { ArtifactPlace } from './reference.ts';
import { imagesToRemove, usualRetention, type KeptImage, type RetentionPolicy } from './retention.ts';

/** Which images to clean up, and by which policy. */
export interface ImageSweep {
  /** Where the images are kept. */
  readonly place: ArtifactPlace;
  /** References or digests that jobs still use. */
  readonly inUse: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly policy?: RetentionPolicy;
  readonly signal?: AbortSignal;
}

/** An image as `dockerImages.list` returns it. */
interface DockerImage {
  /** `us-central1-docker.pkg.dev/acme-dev/godwit/runner@sha256:…` */
  readonly uri?: string;
  readonly tags?: readonly string[];
  readonly uploadTime?: string;
}

/** Far more images than a repository of godwit's collects between two clean-ups. */
const most = 5_000;

/**
 * Removes images that the retention policy releases from Artifact Registry. An image that vanishes meanwhile counts as
 * removed.
 * @returns The digests that were removed, or the finding of the first refusal: the next clean-up handles the rest.
 * @example
 * await sweepImages(google, { place, inUse, now: Date.now() });
 */
export async function sweepImages(google: Google, sweep: ImageSweep): Promise<Outcome<readonly string[]>> {
  const { project, location, repository, image: name } = sweep.place;
  const parent = `projects/${project}/locations/${location}/repositories/${repository}`;
  const ends = sweep.signal === undefined ? {} : { signal: sweep.signal };
  const listed = await listAll<DockerImage>(google, {
    service: 'artifactregistry',
    path: `v1/${parent}/dockerImages`,
    query: { pageSize: '1000' },
    field: 'dockerImages',
    most,
    ...ends,
  });
  if (!listed.ok) return err(googleFault(listed.error, { doing: 'listing images of', resource: parent }));
  const images = listed.value.flatMap((one) => keptOf(one, `/${repository}/${name}`));
  const inUse = new Set(sweep.inUse.map((one) => one.replace(/^.*@/, '')));
  const removable = imagesToRemove(images, sweep.policy ?? usualRetention, { inUse, now: sweep.now });
  for (const digest of removable) {
    const version = `${parent}/packages/${encodeURIComponent(name)}/versions/${digest}`;
    // `force` also removes the tags.
    const reply = await google.call({
      service: 'artifactregistry',
      method: 'DELETE',
      path: `v1/${version}`,
      query: { force: 'true' },
      idempotent: true,
      ...ends,
    });
    if (!reply.ok && reply.error.reason !== 'NOT_FOUND')
      return err(googleFault(reply.error, { doing: 'removing image', resource: version }));
  }
  return ok(removable);
}

/** An image of this name. One whose date cannot be read is never removed. */
function keptOf({ uri = '', tags = [], uploadTime = '' }: DockerImage, ending: string): readonly KeptImage[] {
  const [name = '', digest = ''] = uri.split('@');
  const uploadedAt = Date.parse(uploadTime);
  if (!name.endsWith(ending) || digest === '' || Number.isNaN(uploadedAt)) return [];
  return [{ digest, tags, uploadedAt }];
}
