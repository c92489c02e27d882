import { listOf, objectOf, textOf, type JsonObject } from './json.ts';
import { needs, needsNothing, type Method } from './service.ts';
import { perWorld, type World } from './world.ts';

/** Policies by resource, exactly as set. */
export const policiesOf: (world: World) => Map<string, JsonObject> = perWorld(() => new Map<string, JsonObject>());

/**
 * `GetIamPolicy`, `SetIamPolicy` and `TestIamPermissions` of a resource type.
 *
 * @param prefix the start of its permissions: `run.jobs`
 */
export function policyMethods(prefix: string): Readonly<Record<string, Method>> {
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
        const policy = { etag: 'ACAC', ...objectOf(request['policy']) };
        policiesOf(call.world).set(textOf(request['resource']), policy);
        return policy;
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
