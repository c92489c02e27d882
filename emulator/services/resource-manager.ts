import { page } from '../core/dispatch.ts';
import { ApiError } from '../core/errors.ts';
import { textOf, type JsonObject } from '../core/json.ts';
import { policyMethods } from '../core/policy.ts';
import { isKnownProject, projectId, projectNumber, resourcesOf } from '../core/resources.ts';
import { needs, needsNothing, type ServiceModule } from '../core/service.ts';
import type { World } from '../core/world.ts';

function view(world: World, id: string): JsonObject {
  return { name: `projects/${projectNumber(world, id)}`, projectId: id, state: 'ACTIVE', displayName: id };
}

/** Documentation: nobody can distinguish a project that does not exist from one that they may not see. */
function known(world: World, name: string): string {
  const id = projectId(world, name.replace('projects/', ''));
  if (!isKnownProject(world, id)) throw new ApiError('PERMISSION_DENIED', 'The caller does not have permission');
  return id;
}

/** Resource Manager: projects, and the caller's permissions on them. */
export const resourceManager: ServiceModule = {
  name: 'cloudresourcemanager',
  service: 'google.cloud.resourcemanager.v3.Projects',
  methods: {
    GetProject: {
      mark: 'documentation',
      needs: needs('resourcemanager.projects.get', 'name'),
      handle(request, { world }) {
        return view(world, known(world, textOf(request['name'])));
      },
    },
    // Documentation: needs no permission, and finds the projects that the caller may read.
    SearchProjects: {
      mark: 'documentation',
      needs: needsNothing,
      handle(request, { world, principal }) {
        const [, wanted] = /^(?:projectId|id):(.+)$/.exec(textOf(request['query'])) ?? [];
        const all = [...resourcesOf(world).projects.keys()]
          .filter((id) => wanted === undefined || wanted === id)
          .filter((id) =>
            world.iam.may(principal, { permission: 'resourcemanager.projects.get', resource: `projects/${id}` }),
          )
          .map((id) => view(world, id));
        const { items, next } = page(all, request);
        return { projects: items, ...(next === undefined ? {} : { nextPageToken: next }) };
      },
    },
    ...policyMethods('resourcemanager.projects', (name, { world }) => void known(world, name)),
  },
};
