import type { ApiError } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import type { Need } from './need.ts';
import type { World } from './world.ts';

/** The source of a behaviour: the official protos, Google's documentation, or our own guess. */
type Mark = 'proto' | 'documentation' | 'assumed';

/** What a handler knows about the call in addition to the request. */
export interface Call {
  readonly world: World;
  /** `user:…`, `serviceAccount:…`. */
  readonly principal: string;
  /** Full name: `google.cloud.run.v2.Jobs.CreateJob`. */
  readonly method: string;
  /**
   * Refuses the call with 403 if the caller lacks a permission that becomes known only while the call is handled
   * (actAs).
   *
   * @param words the service's own message, where it differs from the usual one
   */
  require(need: Need, words?: string): void;
  /** Starts a long-running operation of this method and returns it as the protos describe it. */
  operation(start: OperationStart): Json;
}

interface OperationStart {
  /** The prefix of operation names: `projects/p/locations/r`; empty for APIs with plain `operations/…`. */
  readonly parent: string;
  /** The metadata, computed again each time the operation is read. */
  readonly metadata: () => JsonObject;
  /** Ends the operation with its response, or with an ApiError. */
  readonly work: () => Promise<JsonObject>;
}

/** One method of a service that the protos describe. */
export interface Method {
  readonly mark: Mark;
  /** The permissions that Google documents for the method. */
  readonly needs: (request: JsonObject, call: Pick<Call, 'world'>) => readonly Need[];
  /** Set when a field that the protos call REQUIRED may be given elsewhere in the request. */
  readonly checksRequired?: true;
  /** Answers, or throws ApiError to refuse. The request has already been parsed and checked. */
  readonly handle: (request: JsonObject, call: Call) => Json | Promise<Json>;
}

/** A service that the protos describe: routes, strict reading and both fronts come from its descriptor. */
export interface ServiceModule {
  /** Short name: `run`, `secretmanager`. */
  readonly name: string;
  /** Full name: `google.cloud.run.v2.Jobs`. */
  readonly service: string;
  readonly methods: Readonly<Record<string, Method>>;
}

/** The request of a plain route. */
export interface PlainRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Host name of the request, without the port; some APIs include the region in it. */
  readonly host: string;
  readonly body: JsonObject;
}

/** A route of an API without official protos (Cloud SQL Admin, IAM, STS, compute); REST only. */
export interface PlainRoute {
  readonly verb: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** `/v1/projects/{project}/instances/{instance}`; `{name}` is one segment without a colon. */
  readonly path: string;
  /** Its name in the recorded calls: `sql.instances.get`. */
  readonly method: string;
  readonly mark: Mark;
  /** False for token endpoints, which are called without credentials. */
  readonly authenticated?: false;
  /** The API's own form of a refusal; absent: the usual one. */
  readonly refusal?: (error: ApiError) => ApiError;
  readonly needs: (request: PlainRequest) => readonly Need[];
  readonly handle: (request: PlainRequest, call: Call) => Json | Promise<Json>;
}

export interface PlainModule {
  readonly name: string;
  readonly routes: readonly PlainRoute[];
}

/** The usual table entry: one permission on the resource that a field of the request names. */
export function needs(permission: string, field: string): Method['needs'] {
  return (request) => {
    const found = field
      .split('.')
      .reduce<Json | undefined>(
        (at, name) => (typeof at === 'object' && at !== null ? (at as JsonObject)[name] : undefined),
        request,
      );
    return [{ permission, resource: typeof found === 'string' ? found : '' }];
  };
}

/** For methods that Google lets everyone call (operations of a permitted call). */
export const needsNothing: Method['needs'] = () => [];
