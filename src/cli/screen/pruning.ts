import type { Pruned, Pruning } from '../../migrate/contract/pruning.ts';
import { countOf } from './format.ts';
import { localTime } from './local-time.ts';
import type { Style } from './style.ts';

/** Says what would be removed, or was removed. */
export function pruningLines({ runs, gone, events, statements, attempts }: Pruning): readonly string[] {
  const kept = runs - gone;
  return [
    `  ${countOf(events, 'event')} of ${countOf(runs, 'run')}: the audit of what they did, step by step`,
    ...(gone === 0 ? [] : [`  ${countOf(gone, 'run')} that recorded no migration, with all that is known of them`]),
    ...(attempts === 0 ? [] : [`  ${countOf(attempts, 'earlier attempt')} that never reached the database`]),
    ...(kept === 0
      ? []
      : [`  of ${countOf(kept, 'run')} that recorded migrations: from where, and the client's address`]),
    ...(statements === 0 ? [] : [`  ${countOf(statements, 'statement')} of migrations that are no longer in effect`]),
  ];
}

/** Says what the audit knows about a pruning. */
export function prunedLines({ run, by, at, ...pruning }: Pruned, style: Style): readonly string[] {
  const { before, runs, events } = pruning;
  return [
    style.dim(
      `  ${localTime(at)}: ${countOf(runs, 'run')} before ${localTime(before)} with ${countOf(events, 'event')} pruned by ${by}, run ${run}`,
    ),
  ];
}
