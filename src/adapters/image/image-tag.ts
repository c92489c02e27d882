/** What a tag says about an image. */
export interface ImageTagOptions {
  /** Version of godwit. */
  readonly version: string;
  /** Digest of the image. */
  readonly digest: string;
  /** Hash of its bundle in hex; absent: the image contains no bundle. */
  readonly bundle?: { readonly hash: string };
  readonly environment?: string;
}

/**
 * The tag of an image: `runner-<version>-<image>`, or `bundle-<environment>-<bundle>-<image>`, with twelve digits of
 * each hash. A tag names one image for ever: moving a tag would expose the previous image to any clean-up, and
 * repositories with immutable tags would refuse it.
 */
export function imageTag({ version, digest, bundle, environment }: ImageTagOptions): string {
  const image = short(digest.replace(/^sha256:/, ''));
  if (bundle === undefined) return `runner-${plain(version)}-${image}`;
  return `bundle-${environment === undefined ? '' : `${plain(environment)}-`}${short(bundle.hash)}-${image}`;
}

/**
 * The environment of a tag's bundle; undefined when the tag has no bundle, empty when the bundle has no environment.
 */
export function environmentOfTag(tag: string): string | undefined {
  return /^bundle-(?:(.+)-)?[0-9a-f]{12}-[0-9a-f]{12}$/.exec(tag)?.slice(1)[0] ?? (isBundle(tag) ? '' : undefined);
}

function isBundle(tag: string): boolean {
  return /^bundle-[0-9a-f]{12}-[0-9a-f]{12}$/.test(tag);
}

function short(hash: string): string {
  return hash.slice(0, 12);
}

function plain(text: string): string {
  return text.replaceAll(/[^\w.]+/g, '-').slice(0, 60);
}
