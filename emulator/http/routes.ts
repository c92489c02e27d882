import { badRequest } from '../core/errors.ts';
import { isObject, withValueAt, type Json, type JsonObject } from '../core/json.ts';
import type { PlainModule, PlainRoute, ServiceModule } from '../core/service.ts';
import type { Descriptors, HttpBinding } from '../proto/descriptor-model.ts';
import { camel } from '../proto/walk.ts';
import { compileTemplate, type PathMatcher } from './template.ts';

/** A route of either kind, ready to be matched. */
export type Route = { readonly verb: string; readonly match: PathMatcher } & (
  | {
      readonly kind: 'proto';
      readonly module: ServiceModule;
      readonly method: string;
      readonly type: string;
      readonly body: string | undefined;
    }
  | { readonly kind: 'plain'; readonly service: string; readonly route: PlainRoute }
);

/** The place of operations is defined by each API's service configuration, not by the protos (documentation). */
const operationBindings: Readonly<Record<string, readonly HttpBinding[]>> = {
  GetOperation: [
    { verb: 'get', path: '/v1/{name=projects/*/locations/*/operations/*}' },
    { verb: 'get', path: '/v2/{name=projects/*/locations/*/operations/*}' },
    { verb: 'get', path: '/v3/{name=operations/**}' },
  ],
  ListOperations: [
    { verb: 'get', path: '/v1/{name=projects/*/locations/*}/operations' },
    { verb: 'get', path: '/v2/{name=projects/*/locations/*}/operations' },
  ],
  DeleteOperation: [{ verb: 'delete', path: '/v2/{name=projects/*/locations/*/operations/*}' }],
  WaitOperation: [{ verb: 'post', path: '/v2/{name=projects/*/locations/*/operations/*}:wait', body: '*' }],
};

export function protoRoutes(descriptors: Descriptors, modules: readonly ServiceModule[]): readonly Route[] {
  return modules.flatMap((module) =>
    Object.entries(descriptors.services[module.service]?.methods ?? {}).flatMap(([method, descriptor]) => {
      const extra = module.service === 'google.longrunning.Operations' ? (operationBindings[method] ?? []) : [];
      return [...descriptor.http, ...extra].map((binding) => ({
        kind: 'proto' as const,
        verb: binding.verb.toUpperCase(),
        match: compileTemplate(binding.path),
        module,
        method,
        type: descriptor.request,
        body: binding.body,
      }));
    }),
  );
}

export function plainRoutes(modules: readonly PlainModule[]): readonly Route[] {
  return modules.flatMap(({ name, routes }) =>
    routes.map((route) => ({
      kind: 'plain' as const,
      verb: route.verb.toUpperCase(),
      match: compileTemplate(route.path),
      service: name,
      route,
    })),
  );
}

/** Query parameters that every Google API accepts; they are not fields of the request. */
const systemParameters =
  /^(\$?alt|\$?fields|\$?prettyPrint|\$?key|\$?callback|quotaUser|access_token|oauth_token|uploadType|upload_protocol|\$\.xgafv|\$httpHeaders|\$userProject)$/;

/** Combines path, query and body of a call into the request message, as JSON that has yet to be parsed strictly. */
export function assemble(
  descriptors: Descriptors,
  route: Extract<Route, { kind: 'proto' }>,
  parts: {
    readonly params: Readonly<Record<string, string>>;
    readonly query: URLSearchParams;
    readonly body: Json | undefined;
  },
): JsonObject {
  let request: JsonObject = {};
  if (route.body === '*') request = isObject(parts.body) ? parts.body : bodyIsNoObject(parts.body);
  else if (route.body !== undefined && parts.body !== undefined) request = { [camel(route.body)]: parts.body };
  for (const name of new Set(parts.query.keys())) {
    if (systemParameters.test(name)) continue;
    const path = camel(name);
    request = withValueAt(request, path, queryValue(descriptors, route.type, path, parts.query.getAll(name)));
  }
  // A name in the path wins over the one in the body (assumed).
  for (const [name, value] of Object.entries(parts.params)) request = withValueAt(request, camel(name), value);
  return request;
}

function bodyIsNoObject(body: Json | undefined): JsonObject {
  if (body === undefined) return {};
  throw badRequest([{ field: '', description: 'Invalid JSON payload received. The body is not an object.' }]);
}

/** Query values are text: the field's type determines their meaning. */
function queryValue(descriptors: Descriptors, type: string, path: string, values: readonly string[]): Json {
  let at = type;
  const parts = path.split('.');
  for (const part of parts.slice(0, -1)) at = descriptors.messages[at]?.fields[part]?.type ?? '';
  const field = descriptors.messages[at]?.fields[parts.at(-1) ?? ''];
  const one = (text: string): Json => {
    if (field?.type === 'bool' && /^(true|false)$/.test(text)) return text === 'true';
    if (descriptors.enums[field?.type ?? ''] !== undefined && /^\d+$/.test(text)) return Number(text);
    return text;
  };
  return field?.repeated === true ? values.map(one) : one(values.at(-1) ?? '');
}
