import { objectKinds, type ObjectKind } from './catalogue-object.ts';

type Dashed<Text extends string> = Text extends `${infer First} ${infer Rest}` ? `${First}-${Dashed<Rest>}` : Text;

/** What can differ from the baseline: its objects, and partitions that others have added to its tables. */
export type DriftingKind = ObjectKind | 'partition';

/**
 * What a check is about. `drift-…`: an object differs from the baseline. `undone-…` and `restored-…`: what a rollback took away
 * and brought back. `again-…`: what `up --resume-up` made again.
 */
export type CheckKind =
  | 'baseline'
  | 'seed-row'
  | 'seed-rows'
  | 'view-query'
  | 'trigger-fires'
  | 'expect'
  | 'verify-query'
  | `drift-${Dashed<DriftingKind>}`
  | `${'undone' | 'restored' | 'again'}-${Dashed<ObjectKind>}`;

/** The kind of a check on an object. */
export function checkKind(what: 'drift' | 'undone' | 'restored' | 'again', kind: DriftingKind): CheckKind {
  return `${what}-${kind.replaceAll(' ', '-')}` as CheckKind;
}

const drifting: ReadonlyMap<string, DriftingKind> = new Map(
  [...objectKinds, 'partition' as const].map((kind) => [checkKind('drift', kind), kind]),
);

/** The kind of the object that a check has found to differ from the baseline; undefined: the check is about something else. */
export function driftingKind(kind: string): DriftingKind | undefined {
  return drifting.get(kind);
}
