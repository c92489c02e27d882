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
  /**
   * True when sending the request twice does the same as once, so that it is sent again if no answer came. Always true
   * for GET.
   */
  readonly idempotent?: boolean;
  /** True: the caller repeats what the quota refuses (429) at its own pace. */
  readonly isPaced?: boolean;
  readonly signal?: AbortSignal;
}

/** The answer, or the error in the same form for all services. */
export type GoogleReply<T = unknown> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: GoogleError };

/** What a request is signed with. */
export interface Signature {
  readonly token: string;
  /** The project that quota is charged to, if the credentials name one. */
  readonly quotaProject?: string;
  /** True: the user has chosen this quota project in a variable, so that no other is tried before it. */
  readonly isChosen?: boolean;
}
