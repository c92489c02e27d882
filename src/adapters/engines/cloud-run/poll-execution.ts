import { googleFault } from '../../google/fault.ts';
import type { CloudRunContext } from './context.ts';
import { noteReply, type FollowState } from './follow-state.ts';
import { isOver, type RunExecution } from './resources.ts';

/** Reads the execution. Returns true when it has ended, was deleted, or must not be read. */
export async function pollExecution(context: CloudRunContext, state: FollowState): Promise<boolean> {
  const reply = await context.google.call<RunExecution>({
    service: 'run',
    method: 'GET',
    path: `v2/${state.ref.location}`,
  });
  noteReply(state, reply);
  if (reply.ok) {
    state.execution = reply.value;
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
  if (!isForbidden(state)) state.access = 'deleted';
  return true;
}

/** True while the execution must not be read. */
export function isForbidden({ access }: FollowState): boolean {
  return access === 'forbidden';
}
