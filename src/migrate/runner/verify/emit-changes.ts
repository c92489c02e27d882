import type { Change } from '../../contract/model.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';

/** In one event, so that far away no line grows without limit. */
const mostAtOnce = 500;

/** Tells what a run created, changed and dropped, in pieces. */
export function emitChanges(ports: Pick<RunnerPorts, 'emit'>, changes: readonly Change[]): void {
  for (let at = 0; at < changes.length; at += mostAtOnce)
    ports.emit({ kind: 'changes', changes: changes.slice(at, at + mostAtOnce) });
}
