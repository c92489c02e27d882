import type { Damage } from './damage.ts';

/** Columns whose damage need not be named, and why. `*`: whole rows, too. */
const notCovered: readonly (readonly [table: string, columns: string, why: string])[] = [
  ['guard', 'only_row', 'it keeps the table at one row; that is looked at'],
  ['epoch', 'only_row', 'the same'],
  ['guard', 'holder held_by leased_until', 'the lease of a run through a pooler: of the moment'],
  ['guard', 'environment environment_id', 'which database it is: told as wrong-database where it is pinned'],
  [
    'guard',
    'system_id database_oid server_major horizon',
    'where the OIDs of the baseline mean something: else names count',
  ],
  ['guard', 'undescribed unfollowed', 'whether a run has left work to the next one'],
  ['epoch', 'epoch run attempt', 'who may write now: each run raises it'],
  ['run', 'backend_pid', 'of the moment'],
  ['run', 'found looked', 'what a run that died leaves to the next one'],
  ['statement', 'ms at detail n run', 'times of single statements'],
  ['statement', 'ordinal', 'only the order counts, and another order is named'],
  ['own_transaction', '*', 'what has not been described yet'],
  ['unfollowed', '*', 'what has not been followed yet'],
  ['seed', '*', 'which rows a migration inserted: verify compares them with the table'],
  ['object', 'class oid sub home_class home drifted', 'numbers of this server: verify compares with the catalogue'],
  ['former_object', 'class oid sub home_class home accepted_by seq', 'numbers of this server'],
];

/** Has somebody to be told of it? */
export function mustBeNamed({ what, tables, column }: Damage): boolean {
  if (what === 'shape') return false;
  return !tables.every((table) =>
    notCovered.some(([name, columns]) => table === name && (columns === '*' || columns.split(' ').includes(column))),
  );
}
