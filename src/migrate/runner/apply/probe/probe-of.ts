import type { Outside } from '../../../../sql/outside.ts';
import { detachProbe } from './detach-probe.ts';
import { nothing, type EffectProbe } from './effect-probe.ts';
import { createIndexProbe, dropIndexProbe } from './index-probe.ts';
import { endPreparedProbe, moveDatabaseProbe, namedProbe } from './named-probe.ts';
import { reindexProbe } from './reindex-probe.ts';

/**
 * The probe of a statement that runs outside transactions.
 *
 * @param outside the analysis of the statement; undefined if its effect cannot be looked up
 */
export function probeOf(outside: Outside | undefined): EffectProbe {
  switch (outside?.kind) {
    case 'create-index':
      return createIndexProbe(outside);
    case 'drop-index':
      return dropIndexProbe(outside.index);
    case 'reindex':
      return reindexProbe(outside);
    case 'detach':
      return detachProbe(outside);
    case 'create':
    case 'drop':
      return namedProbe(outside);
    case 'move-database':
      return moveDatabaseProbe(outside);
    case 'end-prepared':
      return endPreparedProbe(outside.gid);
    case 'repeatable':
      return noProbe('absent');
    case undefined:
      return noProbe('unknown');
  }
}

/** The catalogue does not show its effect. */
function noProbe(state: 'absent' | 'unknown'): EffectProbe {
  return {
    before: "'{}'::json",
    state: () => Promise.resolve({ ok: true, state }),
    repair: () => Promise.resolve(nothing),
  };
}
