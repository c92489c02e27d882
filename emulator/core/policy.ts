import { ApiError } from './errors.ts';
import { listOf, objectOf, textOf, type JsonObject } from './json.ts';
import { isKnownProject, resourcesOf } from './resources.ts';
import { needs, needsNothing, type Call, type Method } from './service.ts';
import { perWorld, type World } from './world.ts';

/** Policies by resource, exactly as set. */
export const policiesOf: (world: World) => Map<string, JsonObject> = perWorld(() => new Map<string, JsonObject>());

/**
 * Sets the policy of a resource, which from now on grants what its bindings say.
 *
 * @throws ApiError INVALID_ARGUMENT for a service account that does not exist (documentation: IAM troubleshooting)
 */
export function setPolicy(world: World, resource: string, wanted: JsonObject): JsonObject {
  const policy: JsonObject = { etag: 'ACAC', ...wanted };
  const bindings = listOf(policy['bindings'])
    .map(objectOf)
    .map((binding) => ({ role: textOf(binding['role']), members: listOf(binding['members']).map(textOf) }));
  for (const member of bindings.flatMap(({ members }) => members)) refuseAbsent(world, member);
  policiesOf(world).set(resource, policy);
  world.iam.bind(resource, bindings);
  return policy;
}

function refuseAbsent(world: World, member: string): void {
  const [, email = '', project = ''] =
    /^serviceAccount:([a-z0-9-]+@([a-z0-9-]+)\.iam\.gserviceaccount\.com)$/.exec(member) ?? [];
  if (email === '' || !isKnownProject(world, project) || resourcesOf(world).serviceAccounts.has(email)) return;
  throw new ApiError('INVALID_ARGUMENT', `Service account ${email} does not exist.`);
}

/**
 * `GetIamPolicy`, `SetIamPolicy` and `TestIamPermissions` of a resource type.
 *
 * @param prefix the start of its permissions: `run.jobs`
 * @param check throws for a resource that does not exist
 */
export function policyMethods(
  prefix: string,
  check: (resource: string, call: Call) => void = () => {},
): Readonly<Record<string, Method>> {
  return {
    GetIamPolicy: {
      mark: 'proto',
      needs: needs(`${prefix}.getIamPolicy`, 'resource'),
      handle: (request, call) =>
        policiesOf(call.world).get(textOf(request['resource'])) ?? { version: 1, etag: 'ACAB' },
    },
    SetIamPolicy: {
      mark: 'proto',
      needs: needs(`${prefix}.setIamPolicy`, 'resource'),
      handle(request, call) {
        const resource = textOf(request['resource']);
        check(resource, call);
        return setPolicy(call.world, resource, objectOf(request['policy']));
      },
    },
    // Documentation: needs no permission, and returns those of the requested permissions that the caller has.
    TestIamPermissions: {
      mark: 'documentation',
      needs: needsNothing,
      handle(request, call) {
        const resource = textOf(request['resource']);
        const wanted = listOf(request['permissions']).map(textOf);
        return {
          permissions: wanted.filter((permission) => call.world.iam.may(call.principal, { permission, resource })),
        };
      },
    },
  };
}
