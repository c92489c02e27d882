import { environmentOfTag } from './image-tag.ts';

/** An image in the repository. */
export interface KeptImage {
  readonly digest: string;
  readonly tags: readonly string[];
  /** Milliseconds since 1970. */
  readonly uploadedAt: number;
}

/** Which images to keep. */
export interface RetentionPolicy {
  /** How many of the newest images to keep for each environment's bundles, and of those without bundle. */
  readonly newest: number;
  /** All images younger than this are kept too. */
  readonly days: number;
}

/** Enough to go back to recent versions, and little enough to cost next to nothing. */
export const usualRetention: RetentionPolicy = { newest: 10, days: 30 };

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Which images may be removed: those that are neither young, nor among the newest of their kind, nor in use. Copies of
 * base images remain, and so do images with tags that are not godwit's.
 * @param inUse Digests that jobs refer to.
 * @param now Milliseconds since 1970.
 * @returns Digests, oldest first.
 */
export function imagesToRemove(
  images: readonly KeptImage[],
  policy: RetentionPolicy,
  { inUse, now }: { readonly inUse: ReadonlySet<string>; readonly now: number },
): readonly string[] {
  const newestFirst = [...images].sort((a, b) => b.uploadedAt - a.uploadedAt || (a.digest < b.digest ? -1 : 1));
  const seen = new Map<string, number>();
  const removed: string[] = [];
  for (const { digest, tags, uploadedAt } of newestFirst) {
    const kinds = tags.map(kindOf);
    const ranks = kinds.map((kind) => {
      const rank = (seen.get(kind ?? '') ?? 0) + 1;
      seen.set(kind ?? '', rank);
      return rank;
    });
    const foreign = kinds.includes(undefined);
    const isNew = ranks.some((rank) => rank <= policy.newest);
    const isYoung = now - uploadedAt < policy.days * dayMs;
    if (!foreign && !isNew && !isYoung && !inUse.has(digest)) removed.push(digest);
  }
  return removed.toReversed();
}

/** The kind by which images are counted; undefined when the image is not ours to remove. */
function kindOf(tag: string): string | undefined {
  if (/^runner-.+-[0-9a-f]{12}$/.test(tag)) return 'runner';
  const environment = environmentOfTag(tag);
  return environment === undefined ? undefined : `bundle ${environment}`;
}
