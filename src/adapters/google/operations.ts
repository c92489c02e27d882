import { setTimeout as sleep } from 'node:timers/promises';
import { operationError, type GoogleError } from './error.ts';
import type { GoogleReply } from './request.ts';
import type { Google } from './google.ts';
import { backoff } from '../retry.ts';
import type { GoogleService } from './services.ts';

/** A long-running operation (`google.longrunning.Operation`). */
export interface Operation {
  readonly name: string;
  readonly done?: boolean;
  readonly metadata?: unknown;
  readonly response?: unknown;
  readonly error?: { readonly code?: number; readonly message?: string };
}

/** How to wait for an operation. */
export interface OperationWait {
  readonly service: GoogleService;
  /** The version of the API, which precedes the name in the path: `v2`. */
  readonly version: string;
  /** How long to wait, in milliseconds. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal;
}

/** Polls an operation until it is done, with growing pauses (up to 2 seconds), and returns its response. */
export async function waitForOperation<T>(
  google: Google,
  operation: Operation,
  wait: OperationWait,
): Promise<GoogleReply<T>> {
  const deadline = performance.now() + wait.budgetMs;
  let present = operation;
  for (let attempt = 1; present.done !== true; attempt += 1) {
    if (performance.now() > deadline || wait.signal?.aborted === true) return { ok: false, error: late(operation) };
    // Most operations are done at once.
    await sleep(backoff(attempt, Math.random(), 2_000, 40));
    const reply = await google.call<Operation>({
      service: wait.service,
      method: 'GET',
      path: `${wait.version}/${operation.name}`,
      ...(wait.signal === undefined ? {} : { signal: wait.signal }),
    });
    if (!reply.ok) return reply;
    present = reply.value;
  }
  return present.error === undefined
    ? { ok: true, value: (present.response ?? {}) as T }
    : { ok: false, error: operationError(present.error) };
}

function late(operation: Operation): GoogleError {
  return { status: 0, reason: 'DEADLINE_EXCEEDED', message: `${operation.name} is not done yet`, lost: true };
}

/** A list that is read page by page. */
export interface Listing {
  readonly service: GoogleService;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** The key of the answer that contains the items: `jobs`. */
  readonly field: string;
  /** The limit for the number of items. */
  readonly most: number;
  readonly signal?: AbortSignal;
}

/** Reads all items of a list, over as many pages as it takes. */
export async function listAll<T>(google: Google, listing: Listing): Promise<GoogleReply<readonly T[]>> {
  const items: T[] = [];
  for (let token = ''; ;) {
    const reply = await google.call<Readonly<Record<string, unknown>>>({
      service: listing.service,
      method: 'GET',
      path: listing.path,
      query: { ...listing.query, ...(token === '' ? {} : { pageToken: token }) },
      ...(listing.signal === undefined ? {} : { signal: listing.signal }),
    });
    if (!reply.ok) return reply;
    items.push(...((reply.value[listing.field] ?? []) as readonly T[]));
    const next = reply.value['nextPageToken'];
    if (typeof next !== 'string' || next === '' || items.length >= listing.most)
      return { ok: true, value: items.slice(0, listing.most) };
    token = next;
  }
}
