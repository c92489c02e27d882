import type { GoogleError } from './error.ts';
import type { GoogleService } from './services.ts';

/** One request to a Google API. */
export interface GoogleRequest {
  readonly service: GoogleService;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Without a leading slash: `v2/projects/acme/locations/us-central1/jobs`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** True: sending it twice does the same as once, so that it is sent again when no answer came. GET always is. */
  readonly idempotent?: boolean;
  readonly signal?: AbortSignal;
}

/** The answer, or what was wrong in one shape for all services. */
export type GoogleReply<T = unknown> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: GoogleError };

/** What a request is signed with. */
export interface Signature {
  readonly token: string;
  /** Project that quota is counted for, where the credentials name one. */
  readonly quotaProject?: string;
}
