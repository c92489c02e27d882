import { isBareId, versionIn } from '../../../migrate/contract/migration-id.ts';
import type { HistoryRow } from '../../../migrate/contract/history-rows.ts';
import type { Judged } from '../../../migrate/plan/what-changed.ts';
import { compareVersions } from '../../../migrate/read/file-name.ts';

/** One migration as `status` shows it. */
export interface StatusLine {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly state: 'applied' | 'pending' | 'partial' | 'late' | 'changed' | 'missing' | 'ahead' | 'renamed';
  readonly how?: HistoryRow['kind'];
  readonly at?: string;
  readonly by?: string;
  readonly ms?: number;
  readonly run?: string;
  /** The tool that had applied it before godwit took it over. */
  readonly from?: string;
  /** For a squashed migration: the number of applied migrations in whose place `up` records it. */
  readonly standsFor?: number;
}

/** In these states, `up` has nothing left to do. */
export const settledStates: ReadonlySet<StatusLine['state']> = new Set(['applied', 'missing', 'ahead']);

export function linesOf(
  { comparison, standsFor }: Pick<Judged, 'comparison' | 'standsFor'>,
  partial: ReadonlySet<string>,
): readonly StatusLine[] {
  const late = new Set(comparison.late.map((migration) => migration.id));
  const changed = new Set(comparison.changed.map(({ migration }) => migration.id));
  const stateOf = (id: string): StatusLine['state'] =>
    partial.has(id) ? 'partial' : late.has(id) ? 'late' : 'pending';
  const lines: StatusLine[] = [
    ...[...comparison.applied, ...comparison.changed].map(({ migration, row }): StatusLine => ({
      id: migration.id,
      name: migration.name,
      file: migration.up.file,
      state: changed.has(migration.id) ? 'changed' : partial.has(migration.id) ? 'partial' : 'applied',
      ...factsOf(row),
    })),
    ...comparison.renamed
      .filter(({ migration, row }) => migration.id !== row.id)
      .map(({ migration, row }) => ({
        id: migration.id,
        name: migration.name,
        file: migration.up.file,
        state: 'renamed' as const,
        ...factsOf(row),
      })),
    ...[...comparison.missing, ...comparison.ahead].map((row): StatusLine => ({
      id: row.id,
      name: row.name,
      file: row.file,
      state: partial.has(row.id) ? 'partial' : comparison.ahead.includes(row) ? 'ahead' : 'missing',
      ...factsOf(row),
    })),
    ...comparison.pending.map((migration) => {
      const { id, name, up } = migration;
      const stands = standsFor.get(migration);
      return { id, name, file: up.file, state: stateOf(id), ...(stands === undefined ? {} : { standsFor: stands }) };
    }),
  ];
  return lines;
}

export function bareLine(row: HistoryRow, partial: readonly string[]): StatusLine {
  const { id, name, file } = row;
  return { id, name, file, state: partial.includes(id) ? 'partial' : 'applied', ...factsOf(row) };
}

/** Partly applied migrations that are neither in the folder nor applied: removed files and standalone scripts. */
export function unseen(
  partial: readonly string[],
  lines: readonly StatusLine[],
  layout: 'native' | 'bare',
): readonly StatusLine[] {
  if (layout === 'bare') return [];
  const shown = new Set(lines.map(({ id }) => id));
  return [...new Set(partial)]
    .filter((id) => !shown.has(id))
    .map((id) => ({
      id,
      name: isBareId(id) ? versionIn(id) : '',
      file: '',
      state: 'partial' as const,
    }));
}

function factsOf({
  kind,
  at,
  by,
  ms,
  run,
  from,
}: HistoryRow): Pick<StatusLine, 'how' | 'at' | 'by' | 'ms' | 'run' | 'from'> {
  return { how: kind, at, by, ms, run, ...(from === undefined ? {} : { from }) };
}

export function byVersion(a: string, b: string): number {
  if (isBareId(a) || isBareId(b)) return a < b ? -1 : 1;
  return compareVersions(versionIn(a), versionIn(b)) || (a < b ? -1 : 1);
}
