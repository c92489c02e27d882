import type { Change } from '../../contract/model.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';

/** The most changes in one event, so that log lines do not grow without limit. */
const mostAtOnce = 500;

/** Reports what a run created, changed and dropped, in pieces. */
export function emitChanges(ports: Pick<RunnerPorts, 'emit'>, changes: readonly Change[]): void {
  for (let at = 0; at < changes.length; at += mostAtOnce)
    ports.emit({ kind: 'changes', changes: changes.slice(at, at + mostAtOnce) });
}
