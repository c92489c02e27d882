import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Outcome } from '../../../kit/outcome.ts';
import type { Redactor } from '../../../kit/redact.ts';
import type { ProcessVariables } from '../../../kit/secret-variables.ts';
import type { BundleFile } from '../../bundle/bundle-files.ts';
import { cacheFolder } from '../../embedded/account.ts';
import type { Google } from '../../google/google.ts';
import type { CloudRunOptions } from './options.ts';

/** The image that a job runs. */
export interface JobImage {
  /** The image, by digest. */
  readonly image: string;
  /** Path of Node inside the image. */
  readonly node: string;
  /** True when the registry did not have it yet. */
  readonly pushed?: boolean;
}

/** What an image must contain in addition to the runner. */
interface ImageNeed {
  /** Version of godwit. */
  readonly tool: string;
  /** The bundle, unless it travels in a variable. */
  readonly bundle?: { readonly hash: string; readonly files: readonly BundleFile[] };
}

/** Provides an image with the runner, and whatever else is needed, in a place where the platform finds it. */
export type ImageSource = (need: ImageNeed) => Promise<Outcome<JobImage>>;

/** What images are built with. */
export interface ImageTools {
  readonly options: CloudRunOptions;
  readonly environment: string;
  readonly google: Google;
  readonly redactor: Redactor;
  /** Path of the one-file runner. */
  readonly runner: string;
  readonly onProgress: (text: string) => void;
  /** May name a proxy. */
  readonly env?: ProcessVariables | undefined;
}

/** Builds images and pushes them to the environment's registry. */
export function registryImages(tools: ImageTools): ImageSource {
  return async (need) => {
    const { options, google, redactor } = tools;
    // Only runs that make a job need any of these.
    const [
      { createImage },
      { createRegistryClient },
      { createRegistryCredentials },
      { createImageCache },
      { isGoogleHost, isLoopbackRegistry },
    ] = await Promise.all([
      import('../../image/create-image.ts'),
      import('../../image/registry-client.ts'),
      import('../../image/credentials.ts'),
      import('../../image/image-cache.ts'),
      import('../../image/reference.ts'),
    ]);
    const register = (secret: string): void => redactor.register(secret);
    // A registry on this machine belongs to the emulator if Artifact Registry has an endpoint other than Google's.
    const emulated = options.endpoints.artifactregistry !== undefined;
    const credentials = createRegistryCredentials({
      googleToken: () => google.token(),
      google: (host) => isGoogleHost(host) || (emulated && isLoopbackRegistry(host)),
      register,
    });
    using registry = createRegistryClient({
      credentials,
      register,
      ...(tools.env === undefined ? {} : { env: tools.env }),
    });
    const { base, own, node } = options.image;
    const created = await createImage(
      {
        repository: repositoryOf(options),
        base,
        ...(own === undefined ? {} : { own }),
        ...(node === undefined ? {} : { node }),
        runner: { bytes: readFileSync(tools.runner), version: need.tool },
        ...(need.bundle === undefined ? {} : { bundle: need.bundle }),
        environment: tools.environment,
        onProgress: progress(tools.onProgress),
      },
      registry,
      createImageCache(join(cacheFolder(), 'images')),
    );
    return created.ok
      ? ok({ image: created.value.reference, node: created.value.node, pushed: created.value.pushed })
      : created;
  };
}

/**
 * Where the images of an environment are kept: a repository of Artifact Registry, or any place that is named in full.
 */
export function repositoryOf({
  project,
  region,
  image,
}: Pick<CloudRunOptions, 'project' | 'region' | 'image'>): string {
  const place = image.repository.includes('/')
    ? image.repository
    : `${region}-docker.pkg.dev/${project}/${image.repository}`;
  return `${place}/runner`;
}

interface JobImageProgress {
  readonly step: 'copy' | 'upload';
  readonly sent: number;
  readonly total: number;
}

const megabyte = 1024 * 1024;

/** Reports at most once per tenth of the way. */
function progress(report: (text: string) => void): (progress: JobImageProgress) => void {
  let last = '';
  return ({ step, sent, total }) => {
    // The transfer would be over before anybody could read it.
    if (total < megabyte) return;
    const what = step === 'copy' ? 'Copying the base image' : 'Uploading the image';
    const text = `${what}: ${Math.floor((10 * sent) / Math.max(1, total)) * 10} % of ${(total / megabyte).toFixed(1)} MB`;
    if (text !== last) report(text);
    last = text;
  };
}
