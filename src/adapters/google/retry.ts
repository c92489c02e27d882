import type { GoogleError } from './error.ts';
import type { GoogleRequest } from './request.ts';

/** Whether the request may be sent again after this error. */
export function isRepeatable(request: GoogleRequest, error: GoogleError): boolean {
  // Both say that it was not taken on.
  if (error.status === 429 || error.status === 503) return true;
  const harmless = request.method === 'GET' || request.idempotent === true;
  return harmless && (error.lost || error.status >= 500);
}

/**
 * The pause before the next try: doubling, at most `capMs`, and random in its upper half, so that many who wait do not
 * come back together.
 *
 * @param attempt how many tries there have been, from 1
 * @param random from 0 to 1
 */
export function backoff(attempt: number, random: number, capMs = 8_000, firstMs = 250): number {
  const longest = Math.min(capMs, firstMs * 2 ** (attempt - 1));
  return Math.round(longest / 2 + (longest / 2) * random);
}

/** What `Retry-After` asks for, in milliseconds, at most half a minute; only the form in seconds. */
export function retryAfterMs(header: string | null): number | undefined {
  if (header === null || !/^\d+$/.test(header)) return undefined;
  return Math.min(30, Number(header)) * 1_000;
}
