import type { ApplyContext, PreparedStep } from './prepared.ts';

/** Reports starts and ends, one of each per migration. */
export function announcer(
  context: ApplyContext,
  steps: readonly PreparedStep[],
): { start(index: number): void; applied(prepared: PreparedStep, ms: number): void } {
  const { emit } = context.ports;
  let started = -1;
  const start = (index: number): void => {
    const next = steps[index];
    if (next === undefined || index <= started) return;
    started = index;
    const { id, name, direction } = next.step;
    emit({ kind: 'migration.started', id, name, direction, index: index + 1, of: steps.length });
  };
  return {
    start,
    applied(prepared, ms) {
      const { id, name, direction, statements } = prepared.step;
      emit({ kind: 'migration.applied', id, name, direction, how: 'executed', ms, statements });
      start(steps.indexOf(prepared) + 1);
    },
  };
}
