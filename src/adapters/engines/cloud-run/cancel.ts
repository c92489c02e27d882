import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { RunRef } from '../../../migrate/contract/engine.ts';
import { googleFault } from '../../google/fault.ts';
import { backoff } from '../../retry.ts';
import type { CloudRunContext } from './context.ts';
import { isOver, type RunExecution } from './resources.ts';

const mostTries = 4;

/**
 * Asks the platform to cancel an execution. It also refuses for a moment when the execution is new, so that a refusal
 * counts as its end only when the execution agrees.
 *
 * @returns false: the execution has ended, or was found by none of several tries
 */
export async function cancelExecution(context: CloudRunContext, { location }: RunRef): Promise<Outcome<boolean>> {
  const { google, timeouts } = context;
  for (let attempt = 1; ; attempt += 1) {
    const path = `v2/${location}:cancel`;
    const reply = await google.call({ service: 'run', method: 'POST', path, body: {}, idempotent: true });
    if (reply.ok) return ok(true);
    const { error } = reply;
    const refused = err(googleFault(error, { doing: 'cancelling execution', resource: location }));
    if (error.status !== 404 && error.status !== 400) return refused;
    const found = await google.call<RunExecution>({ service: 'run', method: 'GET', path: `v2/${location}` });
    if (found.ok && isOver(found.value)) return ok(false);
    if (attempt === mostTries) return !found.ok && found.error.reason === 'NOT_FOUND' ? ok(false) : refused;
    await sleep(backoff(attempt, Math.random(), timeouts.longestPauseMs, timeouts.firstPauseMs * 2));
  }
}
