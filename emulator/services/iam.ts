import { ApiError, invalid, notFound } from '../core/errors.ts';
import { listOf, objectOf, textOf, type Json, type JsonObject } from '../core/json.ts';
import { policiesOf, setPolicy } from '../core/policy.ts';
import { projectNumber, resourcesOf } from '../core/resources.ts';
import type { Call, PlainModule, PlainRequest, PlainRoute } from '../core/service.ts';
import type { World } from '../core/world.ts';

const account = '/v1/projects/{project}/serviceAccounts/{email}';

/** Documentation: `-` represents the project, which the email names. */
function resourceOf({ params }: PlainRequest): string {
  const { project = '', email = '' } = params;
  const own = /@(.+)\.iam\.gserviceaccount\.com$/.exec(email)?.[1];
  return `projects/${project === '-' ? (own ?? '-') : project}/serviceAccounts/${email}`;
}

const need =
  (permission: string): PlainRoute['needs'] =>
  (request) => [{ permission, resource: resourceOf(request) }];

function view(world: World, email: string): JsonObject {
  const found = resourcesOf(world).serviceAccounts.get(email);
  if (found === undefined) throw notFound(`Unknown service account`);
  const project = /@(.+)\.iam\.gserviceaccount\.com$/.exec(email)?.[1] ?? '';
  return {
    name: `projects/${project}/serviceAccounts/${email}`,
    projectId: project,
    uniqueId: projectNumber(world, email),
    email,
    displayName: email.split('@')[0] ?? '',
    etag: 'MDEwMjE5MjA=',
    oauth2ClientId: projectNumber(world, email),
    ...(found.disabled ? { disabled: true } : {}),
  };
}

function refuseUnknown(body: JsonObject, known: readonly string[]): void {
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new ApiError(
      'INVALID_ARGUMENT',
      `Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`,
    );
}

/** Proto: `google/iam/admin/v1/iam.proto`, CreateServiceAccountRequest; ids have 6 to 30 characters. */
function createAccount({ params, body }: PlainRequest, { world }: Call): Json {
  refuseUnknown(body, ['accountId', 'serviceAccount']);
  refuseUnknown(objectOf(body['serviceAccount']), ['displayName', 'description']);
  const id = textOf(body['accountId']);
  if (!/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(id))
    throw invalid('account_id', 'The account ID does not have a length between 6 and 30.');
  const email = `${id}@${params['project'] ?? ''}.iam.gserviceaccount.com`;
  const { serviceAccounts } = resourcesOf(world);
  if (serviceAccounts.has(email))
    throw new ApiError(
      'ALREADY_EXISTS',
      `Service account ${id} already exists within project projects/${params['project'] ?? ''}.`,
    );
  serviceAccounts.set(email, { disabled: false });
  return view(world, email);
}

/** Service accounts of IAM: their existence, and their permissions. */
export const iam: PlainModule = {
  name: 'iam',
  routes: [
    {
      verb: 'post',
      path: '/v1/projects/{project}/serviceAccounts',
      method: 'google.iam.admin.v1.CreateServiceAccount',
      mark: 'proto',
      needs: ({ params }) => [
        { permission: 'iam.serviceAccounts.create', resource: `projects/${params['project'] ?? ''}` },
      ],
      handle: createAccount,
    },
    {
      verb: 'get',
      path: '/v1/projects/{project}/serviceAccounts',
      method: 'google.iam.admin.v1.ListServiceAccounts',
      mark: 'documentation',
      needs: ({ params }) => [
        { permission: 'iam.serviceAccounts.list', resource: `projects/${params['project'] ?? ''}` },
      ],
      handle({ params }, { world }) {
        const own = `@${params['project'] ?? ''}.iam.gserviceaccount.com`;
        const emails = [...resourcesOf(world).serviceAccounts.keys()].filter((email) => email.endsWith(own));
        return emails.length === 0 ? {} : { accounts: emails.map((email) => view(world, email)) };
      },
    },
    {
      verb: 'get',
      path: account,
      method: 'google.iam.admin.v1.GetServiceAccount',
      mark: 'documentation',
      needs: need('iam.serviceAccounts.get'),
      handle: ({ params }, { world }) => view(world, params['email'] ?? ''),
    },
    {
      verb: 'post',
      path: `${account}:testIamPermissions`,
      method: 'google.iam.admin.v1.TestIamPermissions',
      mark: 'documentation',
      needs: () => [],
      handle(request, { world, principal }): Json {
        refuseUnknown(request.body, ['permissions']);
        view(world, request.params['email'] ?? '');
        const resource = resourceOf(request);
        const held = listOf(request.body['permissions'])
          .map(textOf)
          .filter((permission) => world.iam.may(principal, { permission, resource }));
        return held.length === 0 ? {} : { permissions: held };
      },
    },
    {
      verb: 'post',
      path: `${account}:getIamPolicy`,
      method: 'google.iam.admin.v1.GetIamPolicy',
      mark: 'documentation',
      needs: need('iam.serviceAccounts.getIamPolicy'),
      handle(request, { world }) {
        view(world, request.params['email'] ?? '');
        return policiesOf(world).get(resourceOf(request)) ?? { version: 1, etag: 'ACAB' };
      },
    },
    {
      verb: 'post',
      path: `${account}:setIamPolicy`,
      method: 'google.iam.admin.v1.SetIamPolicy',
      mark: 'documentation',
      needs: need('iam.serviceAccounts.setIamPolicy'),
      handle(request, { world }) {
        refuseUnknown(request.body, ['policy', 'updateMask']);
        view(world, request.params['email'] ?? '');
        return setPolicy(world, resourceOf(request), objectOf(request.body['policy']));
      },
    },
  ],
};
