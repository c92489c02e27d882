import type { Json, JsonObject } from './json.ts';

/** The canonical codes of Google's APIs, with their gRPC number and HTTP status. */
export const statusCodes = {
  CANCELLED: [1, 499],
  UNKNOWN: [2, 500],
  INVALID_ARGUMENT: [3, 400],
  DEADLINE_EXCEEDED: [4, 504],
  NOT_FOUND: [5, 404],
  ALREADY_EXISTS: [6, 409],
  PERMISSION_DENIED: [7, 403],
  RESOURCE_EXHAUSTED: [8, 429],
  FAILED_PRECONDITION: [9, 400],
  ABORTED: [10, 409],
  OUT_OF_RANGE: [11, 400],
  UNIMPLEMENTED: [12, 501],
  INTERNAL: [13, 500],
  UNAVAILABLE: [14, 503],
  UNAUTHENTICATED: [16, 401],
} as const;

export type StatusName = keyof typeof statusCodes;

/** The error of a call that the API refuses. Thrown by handlers; each front converts it to its own form. */
export class ApiError extends Error {
  readonly status: StatusName;
  readonly details: readonly JsonObject[];
  /** The header of a REST answer; empty: none. */
  readonly retryAfter: string;

  constructor(status: StatusName, message: string, details: readonly JsonObject[] = [], retryAfter = '') {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.details = details;
    this.retryAfter = retryAfter;
  }

  get grpcCode(): number {
    return statusCodes[this.status][0];
  }

  get httpStatus(): number {
    return statusCodes[this.status][1];
  }

  /** The body of a REST answer: `{error: {code, status, message, details}}`. */
  toJson(): JsonObject {
    const details: { details?: Json } = this.details.length === 0 ? {} : { details: this.details };
    return { error: { code: this.httpStatus, message: this.message, status: this.status, ...details } };
  }
}

/** One invalid field, as in `google.rpc.BadRequest`. */
export interface Violation {
  /** Path in snake case, as Google names it: `job.template.task_count`. */
  readonly field: string;
  readonly description: string;
}

/** INVALID_ARGUMENT with its fields. */
export function badRequest(violations: readonly Violation[]): ApiError {
  return new ApiError('INVALID_ARGUMENT', violations.map((each) => each.description).join('\n'), [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations.map((each) => ({ ...each })) },
  ]);
}

export function invalid(field: string, description: string): ApiError {
  return badRequest([{ field, description }]);
}

export function notFound(what: string): ApiError {
  return new ApiError('NOT_FOUND', what);
}
