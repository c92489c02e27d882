import { page } from '../core/dispatch.ts';
import { ApiError } from '../core/errors.ts';
import { objectOf, textOf, type JsonObject } from '../core/json.ts';
import { policiesOf, policyMethods, setPolicy } from '../core/policy.ts';
import { isKnownProject, projectId, projectNumber, resourcesOf } from '../core/resources.ts';
import { needs, needsNothing, type PlainModule, type PlainRequest, type ServiceModule } from '../core/service.ts';
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

const projectOf = ({ params }: PlainRequest): string => `projects/${params['project'] ?? ''}`;

/** The policies of projects in the older version of the API, which `gcloud` calls (documentation). */
export const resourceManagerV1: PlainModule = {
  name: 'cloudresourcemanager',
  routes: [
    {
      verb: 'post',
      path: '/v1/projects/{project}:getIamPolicy',
      method: 'cloudresourcemanager.projects.getIamPolicy',
      mark: 'documentation',
      needs: (request) => [{ permission: 'resourcemanager.projects.getIamPolicy', resource: projectOf(request) }],
      handle: (request, { world }) => policiesOf(world).get(projectOf(request)) ?? { version: 1, etag: 'ACAB' },
    },
    {
      verb: 'post',
      path: '/v1/projects/{project}:setIamPolicy',
      method: 'cloudresourcemanager.projects.setIamPolicy',
      mark: 'documentation',
      needs: (request) => [{ permission: 'resourcemanager.projects.setIamPolicy', resource: projectOf(request) }],
      handle(request, { world }) {
        known(world, projectOf(request));
        return setPolicy(world, projectOf(request), objectOf(request.body['policy']));
      },
    },
  ],
};
