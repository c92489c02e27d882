import { isStandingLimit } from './causes.ts';
import type { GoogleError } from './error.ts';
import type { GoogleRequest } from './request.ts';

/** Whether the request may be sent again after this error. */
export function isRepeatable(request: GoogleRequest, error: GoogleError): boolean {
  // Both mean that the request was not accepted.
  if (error.status === 429 || error.status === 503) return !isStandingLimit(error);
  const harmless = request.method === 'GET' || request.idempotent === true;
  return harmless && (error.lost || error.status >= 500);
}
