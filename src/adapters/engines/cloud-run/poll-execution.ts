import { googleFault } from '../../google/fault.ts';
import type { CloudRunContext } from './context.ts';
import { noteReply, pollTurn, type FollowState } from './follow-state.ts';
import { parseExecutionName } from './names.ts';
import { isNewestOver, isOver, newestExecution, type RunExecution, type RunJob } from './resources.ts';

/** How many times an execution must be missing, at least, before it counts as deleted. */
const fewestMisses = 3;

/** How many times longer it must be missing while its job still says that it is at work. */
const doubted = 20;

/**
 * Reads the execution. Returns true when it has ended, was deleted, or must not be read. An execution that is found again
 * was not deleted.
 */
export async function pollExecution(context: CloudRunContext, state: FollowState): Promise<boolean> {
  await pollTurn(context, state);
  const reply = await context.google.call<RunExecution>({
    service: 'run',
    method: 'GET',
    path: `v2/${state.ref.location}`,
  });
  noteReply(state, reply);
  if (reply.ok) {
    state.execution = reply.value;
    delete state.missing;
    // The earlier refusal is obsolete.
    if (isForbidden(state)) state.findings = state.findings.filter(({ code }) => code === 'log-unreadable');
    state.access = 'visible';
    return isOver(reply.value);
  }
  const { error } = reply;
  if (error.status === 401 || error.status === 403) {
    const finding = googleFault(error, { doing: 'reading execution', resource: state.ref.location });
    if (!isForbidden(state)) state.findings = [...state.findings, finding];
    state.access = 'forbidden';
    return true;
  }
  if (error.reason !== 'NOT_FOUND') return false;
  if (isForbidden(state)) return true;
  if (!(await isGone(context, state))) return false;
  state.access = 'deleted';
  return true;
}

/** A single read that does not find it proves nothing: several must miss it, over some time, and the job must agree. */
async function isGone({ google, timeouts }: CloudRunContext, state: FollowState): Promise<boolean> {
  const now = performance.now();
  const { since, times } = state.missing ?? { since: now, times: 0 };
  state.missing = { since, times: times + 1 };
  if (times + 1 < fewestMisses || now - since < timeouts.goneMs) return false;
  if (now - since > timeouts.goneMs * doubted) return true;
  const path = `v2/${state.ref.location.replace(/\/executions\/.*$/, '')}`;
  const job = await google.call<RunJob>({ service: 'run', method: 'GET', path });
  if (!job.ok) return job.error.reason === 'NOT_FOUND';
  const named = newestExecution(job.value) === parseExecutionName(state.ref).execution;
  return !named || isNewestOver(job.value);
}

/** True while the execution must not be read. */
export function isForbidden({ access }: FollowState): boolean {
  return access === 'forbidden';
}

/** True while the execution can be read, as far as is known. */
export function isVisible({ access }: FollowState): boolean {
  return access === 'visible';
}
