import { notFound } from '../../core/errors.ts';
import { perWorld, type World } from '../../core/world.ts';
import type { Registry } from '../../registry/registry.ts';
import type { StoredManifest, StoredRepository } from '../../registry/store.ts';

const place = perWorld<{ registry: Registry | undefined }>(() => ({ registry: undefined }));

/** Sets the registry of this emulator. */
export function placeRegistry(world: World, registry: Registry | undefined): void {
  place(world).registry = registry;
}

/** The registry that represents Artifact Registry's hosts; undefined when there is none. */
export function registryOf(world: World): Registry | undefined {
  return place(world).registry;
}

/** One version of a package with the tags that point to it. */
export interface StoredVersion {
  readonly manifest: StoredManifest;
  readonly tags: readonly string[];
}

/** Packages of a repository: the part after `project/repository/` in the names of images. */
export function packagesOf(world: World, project: string, repository: string): ReadonlyMap<string, StoredRepository> {
  const prefix = `${project}/${repository}/`;
  const found = [...(registryOf(world)?.store.repositories ?? [])].filter(
    ([name, { manifests }]) => name.startsWith(prefix) && manifests.size > 0,
  );
  return new Map(found.map(([name, stored]) => [name.slice(prefix.length), stored]));
}

/** The package of this name; slashes in it travel as `%2F`. */
export function packageNamed(world: World, name: string): { readonly stored: StoredRepository; readonly id: string } {
  const [, project = '', , , , repository = '', , encoded = ''] = name.split('/');
  const id = decodeURIComponent(encoded);
  const stored = packagesOf(world, project, repository).get(id);
  if (stored === undefined) throw notFound(`Requested entity was not found: ${name}`);
  return { stored, id };
}

/** Versions, newest first. */
export function versionsOf(stored: StoredRepository): readonly StoredVersion[] {
  return [...stored.manifests.values()]
    .map((manifest) => ({
      manifest,
      tags: [...stored.tags].filter(([, digest]) => digest === manifest.digest).map(([tag]) => tag),
    }))
    .sort((a, b) => b.manifest.uploadedAt - a.manifest.uploadedAt);
}

export function timeOf({ uploadedAt }: StoredManifest): string {
  return new Date(uploadedAt).toISOString();
}
