import { page } from '../core/dispatch.ts';
import { disabledApis, knownApis, setApi, titles } from '../core/enabled.ts';
import { ApiError } from '../core/errors.ts';
import { listOf, textOf, type Json, type JsonObject } from '../core/json.ts';
import { projectId, projectNumber } from '../core/resources.ts';
import { needs, type Call, type ServiceModule } from '../core/service.ts';
import type { World } from '../core/world.ts';

const apis = knownApis();

interface Named {
  readonly project: string;
  readonly api: string;
}

function named(world: World, name: string): Named {
  const [, project = '', api = ''] = /^projects\/([^/]+)\/services\/([^/]+)$/.exec(name) ?? [];
  // Documentation: a service that is unknown, or may not be seen, is refused as not permitted.
  if (!apis.includes(api))
    throw new ApiError('PERMISSION_DENIED', `Not found or permission denied for service(s): ${api}.`);
  return { project: projectId(world, project), api };
}

function view(world: World, { project, api }: Named): JsonObject {
  const parent = `projects/${projectNumber(world, project)}`;
  const off = disabledApis(world).get(project)?.has(api) === true;
  return {
    name: `${parent}/services/${api}`,
    parent,
    state: off ? 'DISABLED' : 'ENABLED',
    config: { name: api, title: `${titles[api.split('.')[0] ?? ''] ?? api} API` },
  };
}

/** Proto: the operation's response is the resulting service. */
function turning(enabled: boolean) {
  return (request: JsonObject, call: Call): Json => {
    const service = named(call.world, textOf(request['name']));
    return call.operation({
      parent: '',
      metadata: () => ({
        resourceNames: [`projects/${projectNumber(call.world, service.project)}/services/${service.api}`],
      }),
      work: () => {
        setApi(call.world, service.project, service.api, enabled);
        return Promise.resolve({ service: view(call.world, service) });
      },
    });
  };
}

function listServices(request: JsonObject, { world }: Call): Json {
  const project = projectId(world, textOf(request['parent']).replace('projects/', ''));
  const filter = textOf(request['filter']);
  if (!/^(state:(ENABLED|DISABLED))?$/.test(filter))
    throw new ApiError('INVALID_ARGUMENT', `The filter ${filter} is not supported: state:ENABLED or state:DISABLED.`);
  const all = apis
    .map((api) => view(world, { project, api }))
    .filter(({ state }) => filter === '' || filter === `state:${textOf(state)}`);
  const { items, next } = page(all, request, 200);
  return { services: items, ...(next === undefined ? {} : { nextPageToken: next }) };
}

/** Documentation: at most 20 at once. */
function batch(world: World, names: readonly string[]): readonly Named[] {
  if (names.length > 20) throw new ApiError('INVALID_ARGUMENT', 'Cannot process more than 20 services in one batch.');
  return names.map((name) => named(world, name));
}

function batchEnable(request: JsonObject, call: Call): Json {
  const parent = textOf(request['parent']);
  const services = batch(
    call.world,
    listOf(request['serviceIds']).map((id) => `${parent}/services/${textOf(id)}`),
  );
  return call.operation({
    parent: '',
    metadata: () => ({ resourceNames: services.map(({ api }) => `${parent}/services/${api}`) }),
    work: () => {
      for (const { project, api } of services) setApi(call.world, project, api, true);
      return Promise.resolve({ services: services.map((service) => view(call.world, service)) });
    },
  });
}

/** Service Usage: the enabled APIs of a project. */
export const serviceUsage: ServiceModule = {
  name: 'serviceusage',
  service: 'google.api.serviceusage.v1.ServiceUsage',
  methods: {
    GetService: {
      mark: 'documentation',
      needs: needs('serviceusage.services.get', 'name'),
      handle: (request, { world }) => view(world, named(world, textOf(request['name']))),
    },
    BatchGetServices: {
      mark: 'documentation',
      needs: needs('serviceusage.services.get', 'parent'),
      handle: (request, { world }) => ({
        services: batch(world, listOf(request['names']).map(textOf)).map((service) => view(world, service)),
      }),
    },
    ListServices: { mark: 'documentation', needs: needs('serviceusage.services.list', 'parent'), handle: listServices },
    EnableService: { mark: 'proto', needs: needs('serviceusage.services.enable', 'name'), handle: turning(true) },
    DisableService: { mark: 'proto', needs: needs('serviceusage.services.disable', 'name'), handle: turning(false) },
    BatchEnableServices: { mark: 'proto', needs: needs('serviceusage.services.enable', 'parent'), handle: batchEnable },
  },
};
