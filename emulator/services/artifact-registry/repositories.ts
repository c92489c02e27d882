import { page } from '../../core/dispatch.ts';
import { ApiError, invalid, notFound } from '../../core/errors.ts';
import { objectOf, textOf, type Json, type JsonObject } from '../../core/json.ts';
import { policyMethods } from '../../core/policy.ts';
import { needs, type Call, type Method } from '../../core/service.ts';
import { perWorld, type World } from '../../core/world.ts';
import { registryOf } from './stored.ts';

/** Repositories by full name: `projects/p/locations/r/repositories/g`. */
const repositoriesOf: (world: World) => Map<string, JsonObject> = perWorld(() => new Map<string, JsonObject>());

/** The repository. In a project without any, a repository is assumed to exist if it contains images. */
export function repositoryNamed(world: World, name: string): JsonObject {
  const made = repositoriesOf(world).get(name);
  if (made !== undefined) return made;
  const { project, repository } = partsOf(name);
  const prefix = `${project}/${repository}/`;
  if ([...(registryOf(world)?.store.repositories.keys() ?? [])].some((stored) => stored.startsWith(prefix)))
    return complete(world, name, { format: 'DOCKER' });
  throw notFound(`Requested entity was not found: ${name}`);
}

/** The parts of a repository's name, or of a name below it. */
export function partsOf(name: string): {
  readonly project: string;
  readonly location: string;
  readonly repository: string;
} {
  const [, project = '', , location = '', , repository = ''] = name.split('/');
  return { project, location, repository };
}

function complete(world: World, name: string, wanted: JsonObject): JsonObject {
  const { project, location, repository } = partsOf(name);
  const host = registryOf(world)?.host ?? `${location}-docker.pkg.dev`;
  return {
    mode: 'STANDARD_REPOSITORY',
    createTime: world.now(),
    updateTime: world.now(),
    ...wanted,
    name,
    // Proto: the address that Docker uses; here, the registry that represents Artifact Registry's hosts.
    registryUri: `${host}/${project}/${repository}`,
  };
}

function createRepository(request: JsonObject, call: Call): Json {
  const id = textOf(request['repositoryId']);
  // Documentation.
  if (!/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(id)) throw invalid('repository_id', `Invalid repository ID: ${id}`);
  const parent = textOf(request['parent']);
  const name = `${parent}/repositories/${id}`;
  if (repositoriesOf(call.world).has(name)) throw new ApiError('ALREADY_EXISTS', 'the repository already exists');
  const wanted = objectOf(request['repository']);
  if (textOf(wanted['format']) === '') throw invalid('repository.format', 'repository format is required');
  const made = complete(call.world, name, wanted);
  repositoriesOf(call.world).set(name, made);
  return call.operation({ parent, metadata: () => ({}), work: () => Promise.resolve(made) });
}

function listRepositories(request: JsonObject, { world }: Call): Json {
  const parent = `${textOf(request['parent'])}/repositories/`;
  const all = [...repositoriesOf(world).entries()].filter(([name]) => name.startsWith(parent)).map(([, one]) => one);
  const { items, next } = page(all, request, 1_000);
  return { repositories: items, ...(next === undefined ? {} : { nextPageToken: next }) };
}

function updateRepository(request: JsonObject, { world }: Call): Json {
  const wanted = objectOf(request['repository']);
  const present = repositoryNamed(world, textOf(wanted['name']));
  const paths = textOf(request['updateMask']).split(',');
  const changeable = ['description', 'labels', 'cleanupPolicies', 'cleanupPolicyDryRun', 'dockerConfig'];
  const changed = changeable.filter((field) => paths.includes('*') || paths.includes('') || paths.includes(field));
  const next = {
    ...present,
    ...Object.fromEntries(changed.map((field) => [field, wanted[field]])),
    updateTime: world.now(),
  };
  repositoriesOf(world).set(textOf(wanted['name']), next);
  return next;
}

function deleteRepository(request: JsonObject, call: Call): Json {
  const name = textOf(request['name']);
  repositoryNamed(call.world, name);
  const { project, location, repository } = partsOf(name);
  return call.operation({
    parent: `projects/${project}/locations/${location}`,
    metadata: () => ({}),
    work: () => {
      repositoriesOf(call.world).delete(name);
      const stored = registryOf(call.world)?.store.repositories;
      for (const each of stored?.keys() ?? []) if (each.startsWith(`${project}/${repository}/`)) stored?.delete(each);
      return Promise.resolve({});
    },
  });
}

/** Repositories, and their permissions. */
export const repositoryMethods: Readonly<Record<string, Method>> = {
  CreateRepository: {
    mark: 'documentation',
    needs: needs('artifactregistry.repositories.create', 'parent'),
    handle: createRepository,
  },
  GetRepository: {
    mark: 'documentation',
    needs: needs('artifactregistry.repositories.get', 'name'),
    handle: (request, { world }) => repositoryNamed(world, textOf(request['name'])),
  },
  ListRepositories: {
    mark: 'documentation',
    needs: needs('artifactregistry.repositories.list', 'parent'),
    handle: listRepositories,
  },
  UpdateRepository: {
    mark: 'documentation',
    needs: needs('artifactregistry.repositories.update', 'repository.name'),
    handle: updateRepository,
  },
  DeleteRepository: {
    mark: 'documentation',
    needs: needs('artifactregistry.repositories.delete', 'name'),
    handle: deleteRepository,
  },
  ...policyMethods('artifactregistry.repositories', (name, { world }) => void repositoryNamed(world, name)),
};
