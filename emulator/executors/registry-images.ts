import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import type { Registry } from '../registry/registry.ts';
import type { ImageSource, LocalImage } from './image-source.ts';
import { filesOfTar } from './tar.ts';

/** The fields of an image's configuration that are used. */
interface ImageConfig {
  readonly config?: {
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Env?: readonly string[];
  };
}

/**
 * Finds images in the emulator's own registry: those named by its host, and those of Artifact Registry hosts, which it
 * represents. Images of other registries cannot be read from here and are assumed to exist.
 *
 * @param folder represents `/godwit/` if an image's layers contain no such folder
 */
export function registryImages(registry: Registry, folder?: string): ImageSource {
  let home: string | undefined;
  const known = new Map<string, LocalImage>();
  const remove = (): void => {
    if (home !== undefined) rmSync(home, { recursive: true, force: true });
  };
  // A program that exits abruptly closes nothing.
  process.once('exit', remove);
  return {
    host: registry.host,
    find(reference) {
      const host = reference.split('/')[0] ?? '';
      const other = { reference, ...(folder === undefined ? {} : { folder }) };
      if (host !== registry.host && !host.endsWith('-docker.pkg.dev')) return Promise.resolve({ found: other });
      const layers = registry.layersOf(reference);
      if (layers === undefined) return Promise.resolve({ why: 'missing' });
      const key = createHash('sha256')
        .update(layers.map((layer) => layer.digest).join())
        .digest('hex');
      const found = known.get(key);
      if (found !== undefined) return Promise.resolve({ found: { ...found, reference } });
      home ??= mkdtempSync(join(tmpdir(), 'godwit-emulator-'));
      const place = join(home, key.slice(0, 16));
      const own = layers.filter((layer) => layDown(layer.tar, place)).length > 0;
      const image = { ...(own ? { ...other, folder: place } : other), ...configOf(registry, reference) };
      known.set(key, image);
      return Promise.resolve({ found: image });
    },
    close() {
      process.off('exit', remove);
      remove();
    },
  };
}

/** Unpacks the files below `/godwit/` into a folder; returns false when there are none. */
function layDown(tar: Buffer, folder: string): boolean {
  let any = false;
  for (const { name, bytes } of filesOfTar(tar)) {
    if (!name.startsWith('godwit/')) continue;
    const path = resolve(folder, name.slice('godwit/'.length));
    if (!path.startsWith(folder + sep)) throw new Error(`The layer holds an unsafe name: ${name}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    any = true;
  }
  return any;
}

function configOf(registry: Registry, reference: string): Partial<LocalImage> {
  const [withTag = '', digest] = reference.split('@');
  const [name = '', tag = 'latest'] = withTag.split('/').slice(1).join('/').split(':');
  const manifest = registry.manifest(name, digest ?? tag);
  const parsed =
    manifest &&
    (JSON.parse(manifest.bytes.toString('utf8')) as { config?: { digest: string }; manifests?: { digest: string }[] });
  const inner = parsed?.manifests?.[0];
  if (inner !== undefined) return configOf(registry, `${registry.host}/${name}@${inner.digest}`);
  const bytes = registry.store.blobs.get(parsed?.config?.digest ?? '');
  const { config } = bytes === undefined ? {} : (JSON.parse(bytes.toString('utf8')) as ImageConfig);
  const env = (config?.Env ?? [])
    .map((each) => /^([^=]+)=(.*)$/s.exec(each))
    .flatMap((match) => (match === null ? [] : [[match[1], match[2]]]));
  return {
    ...(config?.Entrypoint === undefined ? {} : { entrypoint: config.Entrypoint }),
    ...(config?.Cmd === undefined ? {} : { command: config.Cmd }),
    ...(env.length === 0 ? {} : { env: Object.fromEntries(env) as Record<string, string> }),
  };
}
