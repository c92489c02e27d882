import { setTimeout as sleep } from 'node:timers/promises';
import { checkRequired } from '../proto/required.ts';
import { readMessage, writeMessage } from '../proto/walk.ts';
import type { MethodDescriptor } from '../proto/descriptor-model.ts';
import { checkApi, checkQuotaProject } from './enabled.ts';
import { ApiError } from './errors.ts';
import type { CallFault } from './faults.ts';
import { permissionDenied } from './iam.ts';
import type { Json, JsonObject } from './json.ts';
import type { Call, Method, PlainRequest, PlainRoute, ServiceModule } from './service.ts';
import type { Need } from './need.ts';
import type { World } from './world.ts';

/** Thrown by a fault that breaks the connection; the front then closes it without an answer. */
export class ConnectionLost extends Error {}

/** Who calls, and how. */
export interface Origin {
  readonly authorization: string | undefined;
  /** The project that the call is charged to: `x-goog-user-project`. */
  readonly quotaProject?: string | undefined;
  readonly transport: 'rest' | 'grpc';
}

/** Answers one call of a service that the protos describe: authenticate, read, check, permit, handle, write, record. */
export async function callMethod(
  world: World,
  module: ServiceModule,
  name: string,
  sent: { readonly request: Json; readonly origin: Origin },
): Promise<Json> {
  const full = `${module.service}.${name}`;
  const { descriptor, method } = methodOf(world, module, name);
  return withFaults(world, full, (refusal) =>
    recorded(world, { service: module.name, method: full, origin: sent.origin, refusal }, async (call, permit) => {
      const request = readMessage(world.descriptors, descriptor.request, sent.request);
      permit(method.needs(request, { world }));
      if (method.checksRequired !== true) checkRequired(world.descriptors, descriptor.request, request);
      const answer = await method.handle(request, { ...call, operation: starter(world, module.name, descriptor) });
      return writeMessage(world.descriptors, descriptor.response, answer);
    }),
  );
}

/** Answers one call of a plain route. */
export async function callPlain(
  world: World,
  service: string,
  route: PlainRoute,
  sent: { readonly request: PlainRequest; readonly origin: Origin },
): Promise<Json> {
  const origin = route.authenticated === false ? undefined : sent.origin;
  const answer = withFaults(world, route.method, (refusal) =>
    recorded(world, { service, method: route.method, origin, refusal }, async (call, permit) => {
      permit(route.needs(sent.request));
      return route.handle(sent.request, call);
    }),
  );
  return await answer.catch((error: unknown) => {
    throw error instanceof ApiError && route.refusal !== undefined ? route.refusal(error) : error;
  });
}

function methodOf(world: World, module: ServiceModule, name: string): { descriptor: MethodDescriptor; method: Method } {
  const descriptor = world.descriptors.services[module.service]?.methods[name];
  const method = module.methods[name];
  if (descriptor === undefined || method === undefined)
    throw new ApiError('UNIMPLEMENTED', `The emulator does not offer ${module.service}.${name}.`);
  return { descriptor, method };
}

function starter(world: World, service: string, descriptor: MethodDescriptor): Call['operation'] {
  return (start) => {
    const { operation } = descriptor;
    if (operation === undefined) throw new Error('The protos name no operation for this method.');
    return world.operations.start({
      ...start,
      service,
      metadataType: operation.metadata,
      responseType: operation.response,
    });
  };
}

/** How a call is recorded, and how a fault can refuse it. */
interface CallSubject {
  readonly service: string;
  readonly method: string;
  readonly origin: Origin | undefined;
  readonly refusal: ApiError | undefined;
}

async function recorded(
  world: World,
  about: CallSubject,
  handle: (call: Call, permit: (needs: readonly Need[]) => void) => Promise<Json>,
): Promise<Json> {
  const checkedNeeds: Need[] = [];
  let principal = '';
  let status = 'OK';
  const permit = (needs: readonly Need[], words?: string): void => {
    for (const need of needs) {
      checkedNeeds.push(need);
      checkApi(world, about.service, need.resource);
      if (world.iam.may(principal, need)) continue;
      throw words === undefined ? permissionDenied(need, about.service) : new ApiError('PERMISSION_DENIED', words);
    }
  };
  try {
    if (about.refusal !== undefined) throw about.refusal;
    principal = about.origin === undefined ? 'anonymous' : world.iam.principalOf(about.origin.authorization);
    const quotaProject = about.origin?.quotaProject;
    if (quotaProject !== undefined) checkQuotaProject(world, { service: about.service, principal, quotaProject });
    const operation = (): Json => {
      throw new Error('Plain routes write their own operations.');
    };
    const call: Call = {
      world,
      principal,
      method: about.method,
      require: (need, words) => permit([need], words),
      operation,
    };
    return await handle(call, permit);
  } catch (error) {
    status = error instanceof ApiError ? error.status : 'INTERNAL';
    throw error;
  } finally {
    const transport = about.origin?.transport ?? 'rest';
    world.calls.push({
      service: about.service,
      method: about.method,
      principal,
      needs: checkedNeeds,
      status,
      transport,
    });
  }
}

async function withFaults(
  world: World,
  method: string,
  run: (refusal: ApiError | undefined) => Promise<Json>,
): Promise<Json> {
  const fault = world.faults.takeCall(method);
  if (fault?.kind === 'status') return run(statusOf(fault));
  if (fault?.kind === 'lost-request') throw new ConnectionLost();
  if (fault?.kind === 'slow') await sleep(fault.delayMs ?? 1_000);
  if (fault?.kind === 'twice') await run(undefined);
  const answer = await run(undefined);
  if (fault?.kind === 'lost-response') throw new ConnectionLost();
  if (fault?.kind === 'late-status') throw statusOf(fault);
  return answer;
}

function statusOf(fault: CallFault): ApiError {
  const status = fault.status ?? 'UNAVAILABLE';
  return new ApiError(status, fault.message ?? usualTexts[status] ?? 'The emulator was told to refuse this call.');
}

const usualTexts: Partial<Record<string, string>> = {
  UNAVAILABLE: 'The service is currently unavailable.',
  RESOURCE_EXHAUSTED: 'Quota exceeded for quota metric and limit of the service.',
  INTERNAL: 'Internal error encountered.',
};

/** The pages of a list: the token is the position where the next page starts. */
export function page(
  all: readonly JsonObject[],
  request: JsonObject,
  most = 100,
): { items: readonly JsonObject[]; next?: string } {
  const size = Math.min(Number(request['pageSize'] ?? 0) || most, most);
  const token = typeof request['pageToken'] === 'string' ? request['pageToken'] : '';
  const from = token === '' ? 0 : Number(/^after-(\d+)$/.exec(token)?.[1] ?? Number.NaN);
  if (Number.isNaN(from)) throw new ApiError('INVALID_ARGUMENT', 'The page token is invalid.');
  const items = all.slice(from, from + size);
  return from + size < all.length ? { items, next: `after-${from + size}` } : { items };
}
