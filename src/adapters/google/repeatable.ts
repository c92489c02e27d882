import { isStandingLimit } from './causes.ts';
import type { GoogleError } from './error.ts';
import type { GoogleRequest } from './request.ts';

/**
 * True: the same request may succeed later, and it is unknown whether this one took effect. No answer came, or one that
 * says nothing about it.
 */
export function isPassing(error: GoogleError): boolean {
  return (
    error.lost || (error.status >= 500 && error.status !== 501) || (error.status === 429 && !isStandingLimit(error))
  );
}

/** Whether the request may be sent again after this error. */
export function isRepeatable(request: GoogleRequest, error: GoogleError): boolean {
  // Cloud Run may have accepted what it answers with 429 or 503, so that what creates something is never repeated blindly.
  const harmless = request.method === 'GET' || request.idempotent === true;
  // A wrong password that is sent again and again locks its account.
  if (error.isFinal === true) return false;
  if (request.isPaced === true && error.status === 429) return false;
  return harmless && isPassing(error);
}
