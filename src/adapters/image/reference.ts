import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';

/** A repository of images in a registry. */
export interface RepositoryName {
  /** Includes the port if there is one: `us-central1-docker.pkg.dev`, `127.0.0.1:5000`. */
  readonly host: string;
  /** `acme-dev/godwit/runner` */
  readonly repository: string;
}

/** One image of a repository, by tag or by digest. */
export interface ImageReference extends RepositoryName {
  /** Registries ignore it when there is a digest. */
  readonly tag?: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest?: string;
}

const part = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryPattern = new RegExp(`^${part}(?:/${part})*$`);
const hostPattern =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;
const dockerHub = 'docker.io';

/**
 * Parses the name of an image as container tools write it. Without a host it refers to Docker Hub, without a tag and
 * digest to `latest`.
 * @returns `image-reference` with what is wrong, when the text is not a valid name.
 * @example
 * parseReference('node:22-slim'); // host docker.io, repository library/node, tag 22-slim
 */
export function parseReference(text: string): Outcome<ImageReference> {
  const [named = '', digest, ...more] = text.split('@');
  if (more.length > 0) return wrong(text, 'The name has more than one @');
  if (digest !== undefined && !digestPattern.test(digest))
    return wrong(text, `Its digest is not sha256: and 64 hexadecimal digits in lower case`);
  const { host, path } = splitHost(named);
  if (!hostPattern.test(host)) return wrong(text, `${quoted(host)} is not a host name`);
  const colon = path.lastIndexOf(':');
  const repository = withLibrary(host, colon < 0 ? path : path.slice(0, colon));
  const tag = colon < 0 ? undefined : path.slice(colon + 1);
  if (!repositoryPattern.test(repository))
    return wrong(
      text,
      `${quoted(repository)} is not a repository name: use lower-case letters, digits and . _ - between them`,
    );
  if (repository.length > 255) return wrong(text, 'Its repository is longer than 255 characters');
  if (tag !== undefined && !tagPattern.test(tag)) return wrong(text, `${quoted(tag)} is not a tag`);
  if (digest !== undefined) return ok({ host, repository, ...(tag === undefined ? {} : { tag }), digest });
  return ok({ host, repository, tag: tag ?? 'latest' });
}

/** The full name: host, repository, tag, digest. */
export function formatReference({ host, repository, tag, digest }: ImageReference): string {
  return `${host}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** The base URL of a registry's API. Plain HTTP is only used on loopback: nothing leaves the machine unencrypted. */
export function registryUrl(host: string): string {
  // Docker Hub's name differs from the address of its registry.
  if (host === dockerHub) return 'https://registry-1.docker.io';
  return `${isLoopbackRegistry(host) ? 'http' : 'https'}://${host}`;
}

/** Is this host, with or without a port, this machine? */
export function isLoopbackRegistry(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host);
}

/** True for Google's registries, which accept Google's access tokens. */
export function isGoogleHost(host: string): boolean {
  return /^(?:[\w-]+\.)?(?:gcr\.io|pkg\.dev)$/.test(host);
}

/** A repository of Artifact Registry, as its API and gcloud name it. */
export interface ArtifactPlace {
  readonly project: string;
  /** A region, or a multi-region such as `us`. */
  readonly location: string;
  readonly repository: string;
  /** The image within the repository; empty when the name ends before it. */
  readonly image: string;
}

/** `gcr.io` is hosted on Artifact Registry, in repositories of these names. */
const gcrLocations: Readonly<Record<string, string>> = {
  'gcr.io': 'us',
  'us.gcr.io': 'us',
  'eu.gcr.io': 'europe',
  'asia.gcr.io': 'asia',
};

/** Where Artifact Registry keeps the images of this name; undefined for other registries. */
export function artifactPlace({ host, repository }: RepositoryName): ArtifactPlace | undefined {
  const parts = repository.split('/');
  // A project of a domain, `example.com:acme`, is two parts of a path.
  const project = parts[0]?.includes('.') === true ? parts.splice(0, 2).join(':') : (parts.shift() ?? '');
  const location = /^([a-z0-9-]+)-docker\.pkg\.dev$/.exec(host)?.[1];
  if (location !== undefined) {
    const [name = '', ...image] = parts;
    return { project, location, repository: name, image: image.join('/') };
  }
  const gcr = gcrLocations[host];
  return gcr === undefined ? undefined : { project, location: gcr, repository: host, image: parts.join('/') };
}

/** The first part is a host if it looks like one: if it contains a dot or a port, or is `localhost`. */
function splitHost(named: string): { readonly host: string; readonly path: string } {
  const slash = named.indexOf('/');
  const first = slash < 0 ? '' : named.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost';
  if (!isHost) return { host: dockerHub, path: named };
  const alias = first === 'index.docker.io' || first === 'registry-1.docker.io';
  return { host: alias ? dockerHub : first, path: named.slice(slash + 1) };
}

function withLibrary(host: string, repository: string): string {
  return host === dockerHub && !repository.includes('/') ? `library/${repository}` : repository;
}

function quoted(text: string): string {
  return text === '' ? 'Nothing' : `\`${text.slice(0, 80)}\``;
}

function wrong(text: string, why: string): Outcome<never> {
  return err(fault('image-reference', { why: `${why}: ${quoted(text)}.` }));
}
