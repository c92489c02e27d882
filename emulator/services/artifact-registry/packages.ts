import { page } from '../../core/dispatch.ts';
import { ApiError, notFound } from '../../core/errors.ts';
import { textOf, type Json, type JsonObject } from '../../core/json.ts';
import { needs, type Call, type Method } from '../../core/service.ts';
import type { World } from '../../core/world.ts';
import { partsOf, repositoryNamed } from './repositories.ts';
import { packageNamed, packagesOf, registryOf, timeOf, versionsOf, type StoredVersion } from './stored.ts';

function sizeOf({ manifest }: StoredVersion): number {
  const parsed = JSON.parse(manifest.bytes.toString('utf8')) as {
    readonly layers?: readonly { readonly size?: number }[];
  };
  return manifest.bytes.length + (parsed.layers ?? []).reduce((sum, layer) => sum + (layer.size ?? 0), 0);
}

function imageView(world: World, repository: string, id: string, version: StoredVersion): JsonObject {
  const { project, location, repository: short } = partsOf(repository);
  const { digest, mediaType } = version.manifest;
  const host = registryOf(world)?.host ?? `${location}-docker.pkg.dev`;
  return {
    name: `${repository}/dockerImages/${encodeURIComponent(id)}@${digest}`,
    uri: `${host}/${project}/${short}/${id}@${digest}`,
    tags: version.tags,
    imageSizeBytes: String(sizeOf(version)),
    mediaType,
    uploadTime: timeOf(version.manifest),
    updateTime: timeOf(version.manifest),
  };
}

function imagesOf(world: World, repository: string): readonly JsonObject[] {
  repositoryNamed(world, repository);
  const { project, repository: short } = partsOf(repository);
  return [...packagesOf(world, project, short)].flatMap(([id, stored]) =>
    versionsOf(stored).map((version) => imageView(world, repository, id, version)),
  );
}

function listOfPages(field: string, all: readonly JsonObject[], request: JsonObject): Json {
  const { items, next } = page(all, request, 1_000);
  return { [field]: items, ...(next === undefined ? {} : { nextPageToken: next }) };
}

/** The repository in a name below it: `projects/p/locations/r/repositories/g`. */
const repositoryIn = (name: string): string => name.split('/').slice(0, 6).join('/');
const packageIn = (name: string): string => name.split('/').slice(0, 8).join('/');

function versionView(parent: string, { manifest, tags }: StoredVersion): JsonObject {
  return {
    name: `${parent}/versions/${manifest.digest}`,
    createTime: timeOf(manifest),
    updateTime: timeOf(manifest),
    relatedTags: tags.map((tag) => tagView(parent, tag, manifest.digest)),
  };
}

const tagView = (parent: string, tag: string, digest: string): JsonObject => ({
  name: `${parent}/tags/${tag}`,
  version: `${parent}/versions/${digest}`,
});

function versionNamed(world: World, name: string): StoredVersion {
  const digest = name.slice(name.lastIndexOf('/') + 1);
  const found = versionsOf(packageNamed(world, packageIn(name)).stored).find((one) => one.manifest.digest === digest);
  if (found === undefined) throw notFound(`Requested entity was not found: ${name}`);
  return found;
}

/** Proto: a version with tags is deleted only when forced, and then with its tags. */
function deleteVersion(request: JsonObject, call: Call): Json {
  const name = textOf(request['name']);
  const { manifest, tags } = versionNamed(call.world, name);
  if (tags.length > 0 && request['force'] !== true)
    throw new ApiError('FAILED_PRECONDITION', `cannot delete version ${manifest.digest} because it is tagged`);
  const { project, location } = partsOf(name);
  return call.operation({
    parent: `projects/${project}/locations/${location}`,
    metadata: () => ({}),
    work: () => {
      const { stored } = packageNamed(call.world, packageIn(name));
      for (const tag of tags) stored.tags.delete(tag);
      stored.manifests.delete(manifest.digest);
      return Promise.resolve({});
    },
  });
}

function createTag(request: JsonObject, { world }: Call): Json {
  const parent = textOf(request['parent']);
  const tag = textOf(request['tagId']);
  const { stored } = packageNamed(world, packageIn(parent));
  const { manifest } = versionNamed(world, textOf((request['tag'] as JsonObject | undefined)?.['version']));
  if (stored.tags.has(tag)) throw new ApiError('ALREADY_EXISTS', `the tag ${tag} already exists`);
  stored.tags.set(tag, manifest.digest);
  return tagView(parent, tag, manifest.digest);
}

function tagNamed(
  world: World,
  name: string,
): { readonly tag: string; readonly digest: string; readonly drop: () => void } {
  const tag = name.slice(name.lastIndexOf('/') + 1);
  const { stored } = packageNamed(world, packageIn(name));
  const digest = stored.tags.get(tag);
  if (digest === undefined) throw notFound(`Requested entity was not found: ${name}`);
  return { tag, digest, drop: () => void stored.tags.delete(tag) };
}

/** Images, and the packages, versions and tags that they consist of: all of it comes from the registry's content. */
export const packageMethods: Readonly<Record<string, Method>> = {
  ListDockerImages: {
    mark: 'documentation',
    needs: needs('artifactregistry.dockerimages.list', 'parent'),
    handle: (request, { world }) => listOfPages('dockerImages', imagesOf(world, textOf(request['parent'])), request),
  },
  GetDockerImage: {
    mark: 'documentation',
    needs: needs('artifactregistry.dockerimages.get', 'name'),
    handle(request, { world }) {
      const name = textOf(request['name']);
      const wanted = decodeURIComponent(name);
      const found = imagesOf(world, repositoryIn(name)).find(
        (image) => decodeURIComponent(textOf(image['name'])) === wanted,
      );
      if (found === undefined) throw notFound(`Requested entity was not found: ${name}`);
      return found;
    },
  },
  ListPackages: {
    mark: 'documentation',
    needs: needs('artifactregistry.packages.list', 'parent'),
    handle(request, { world }) {
      const parent = textOf(request['parent']);
      repositoryNamed(world, parent);
      const { project, repository } = partsOf(parent);
      const ids = [...packagesOf(world, project, repository).keys()];
      return listOfPages(
        'packages',
        ids.map((id) => ({ name: `${parent}/packages/${encodeURIComponent(id)}` })),
        request,
      );
    },
  },
  GetPackage: {
    mark: 'documentation',
    needs: needs('artifactregistry.packages.get', 'name'),
    handle(request, { world }) {
      const { id } = packageNamed(world, textOf(request['name']));
      return { name: `${repositoryIn(textOf(request['name']))}/packages/${encodeURIComponent(id)}` };
    },
  },
  ListVersions: {
    mark: 'documentation',
    needs: needs('artifactregistry.versions.list', 'parent'),
    handle(request, { world }) {
      const parent = textOf(request['parent']);
      const { stored } = packageNamed(world, parent);
      return listOfPages(
        'versions',
        versionsOf(stored).map((version) => versionView(parent, version)),
        request,
      );
    },
  },
  GetVersion: {
    mark: 'documentation',
    needs: needs('artifactregistry.versions.get', 'name'),
    handle: (request, { world }) =>
      versionView(packageIn(textOf(request['name'])), versionNamed(world, textOf(request['name']))),
  },
  DeleteVersion: { mark: 'proto', needs: needs('artifactregistry.versions.delete', 'name'), handle: deleteVersion },
  ListTags: {
    mark: 'documentation',
    needs: needs('artifactregistry.tags.list', 'parent'),
    handle(request, { world }) {
      const parent = textOf(request['parent']);
      const { stored } = packageNamed(world, parent);
      return listOfPages(
        'tags',
        [...stored.tags].map(([tag, digest]) => tagView(parent, tag, digest)),
        request,
      );
    },
  },
  GetTag: {
    mark: 'documentation',
    needs: needs('artifactregistry.tags.get', 'name'),
    handle(request, { world }) {
      const { tag, digest } = tagNamed(world, textOf(request['name']));
      return tagView(packageIn(textOf(request['name'])), tag, digest);
    },
  },
  CreateTag: { mark: 'documentation', needs: needs('artifactregistry.tags.create', 'parent'), handle: createTag },
  DeleteTag: {
    mark: 'documentation',
    needs: needs('artifactregistry.tags.delete', 'name'),
    handle(request, { world }) {
      tagNamed(world, textOf(request['name'])).drop();
      return {};
    },
  },
};
