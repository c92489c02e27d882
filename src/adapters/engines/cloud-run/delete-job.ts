import { setTimeout as sleep } from 'node:timers/promises';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { GoogleError } from '../../google/error.ts';
import { googleFault } from '../../google/fault.ts';
import { waitForOperation, type Operation } from '../../google/operations.ts';
import type { GoogleReply } from '../../google/request.ts';
import { backoff } from '../../retry.ts';
import type { CloudRunContext } from './context.ts';

/** How often a deletion is requested that the platform aborts because the job is changing at that moment. */
const mostTries = 5;

/**
 * Deletes a job and waits a moment for its end. Repeats what the platform aborts.
 *
 * @param name full
 * @returns why it remains; undefined: it is gone, or the platform is about to remove it
 */
export async function deleteJob(context: CloudRunContext, name: string): Promise<Finding | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const reply = await deleted(context, name);
    if (reply.ok || reply.error.reason === 'NOT_FOUND') return undefined;
    if (!isAborted(reply.error) || attempt === mostTries) {
      const { why } = googleFault(reply.error, { doing: 'deleting job', resource: name });
      return fault('cleanup-incomplete', { why });
    }
    await sleep(backoff(attempt, Math.random(), 2_000));
  }
}

async function deleted({ google, timeouts }: CloudRunContext, name: string): Promise<GoogleReply> {
  const path = `v2/${name}`;
  const reply = await google.call<Operation>({ service: 'run', method: 'DELETE', path, idempotent: true });
  if (!reply.ok) return reply;
  const wait = { service: 'run', version: 'v2', budgetMs: timeouts.deleteMs } as const;
  const gone = await waitForOperation(google, reply.value, wait);
  // Accepted but not done yet: the platform finishes it on its own.
  return !gone.ok && gone.error.lost ? { ok: true, value: {} } : gone;
}

function isAborted({ reason, status }: GoogleError): boolean {
  return reason === 'ABORTED' || status === 409;
}
