import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { HistoryRow } from '../contract/history-rows.ts';
import type { Migration } from '../contract/model.ts';
import { versionIn } from '../contract/migration-id.ts';
import { canonicalVersion, compareVersions } from '../read/file-name.ts';
import { isReplaced, rangesText } from '../../sql/replaces.ts';
import type { Selection } from '../contract/task.ts';
import type { Comparison } from './compare.ts';

/** What a selection names. */
export interface Selected {
  /** In the order in which they would run. */
  readonly migrations: readonly Migration[];
  /** Rows that would be undone with them and have no file. */
  readonly withoutFile: readonly HistoryRow[];
}

/** The migrations that the selection names. */
export function select(
  selection: Selection,
  comparison: Comparison,
  migrations: readonly Migration[],
): Outcome<Selected> {
  if (selection.direction === 'down' && selection.only === undefined)
    return selectDown(selection, comparison, migrations);
  const selected =
    selection.only === undefined
      ? selectUp(selection, comparison, migrations)
      : selectOnly(selection, comparison, migrations);
  return selected.ok ? ok({ migrations: selected.value, withoutFile: [] }) : selected;
}

function selectUp(
  selection: Selection,
  comparison: Comparison,
  migrations: readonly Migration[],
): Outcome<readonly Migration[]> {
  if (selection.to === undefined) return ok(comparison.pending);
  const last = migrations.findIndex(({ id }) => isNamed(id, selection.to ?? ''));
  if (last < 0) return err(notThere(selection.to, migrations));
  const wanted = new Set(migrations.slice(0, last + 1).map((migration) => migration.id));
  return ok(comparison.pending.filter((migration) => wanted.has(migration.id)));
}

function selectDown(
  { to }: Selection,
  { applied, missing, ahead, places }: Comparison,
  migrations: readonly Migration[],
): Outcome<Selected> {
  const files = new Map(applied.map(({ migration, row }) => [row, migration]));
  const place = ({ seq }: HistoryRow): number => places?.get(seq) ?? seq;
  const undoable = [...files.keys(), ...missing, ...ahead].sort((a, b) => place(b) - place(a));
  if (undoable.length === 0) return err(fault('nothing-to-undo', { why: 'No migration of this folder is applied.' }));
  const undoing = (rows: readonly HistoryRow[]): Outcome<Selected> =>
    ok({
      migrations: rows.flatMap((row) => files.get(row) ?? []),
      withoutFile: rows.filter((row) => !files.has(row)),
    });
  if (to === undefined) return undoing(undoable.slice(0, 1));
  const version = canonicalVersion(to);
  if (version === '0') return undoing(undoable);
  if (![...migrations, ...undoable].some(({ id }) => isNamed(id, version))) return err(notThere(to, migrations));
  return undoing(undoable.filter(({ id }) => compareVersions(versionIn(id), version) > 0));
}

function selectOnly(
  selection: Selection,
  comparison: Comparison,
  migrations: readonly Migration[],
): Outcome<readonly Migration[]> {
  const ids = new Set(selection.only);
  const named = migrations.filter((migration) => ids.has(migration.id));
  const applied = new Set(comparison.applied.map(({ migration }) => migration.id));
  if (selection.direction === 'up') return ok(named.filter((migration) => !applied.has(migration.id)));
  const undone = named.filter((migration) => applied.has(migration.id));
  const [first] = named;
  if (undone.length > 0 || first === undefined) return ok(undone.reverse());
  return err(fault('nothing-to-undo', { where: { file: first.up.file }, why: 'The migration is not applied.' }));
}

/** Matches by version, or by id as in the history. */
function isNamed(id: string, typed: string): boolean {
  return id === typed || versionIn(id) === canonicalVersion(typed);
}

/** The finding for a version without a file: it may have been squashed. */
function notThere(typed: string, migrations: readonly Migration[]): ReturnType<typeof fault> {
  const version = canonicalVersion(typed);
  const squashed = migrations.find(({ replaces }) => replaces !== undefined && isReplaced(replaces, version));
  if (squashed?.replaces === undefined) return unknownVersion(typed, migrations);
  const { up, id, replaces } = squashed;
  return fault('version-squashed', {
    where: { file: up.file },
    why: `Version ${version} is one of those (${rangesText(replaces)}) that ${up.file} replaces.`,
    fix: `Name version ${versionIn(id)}, or one outside the range that it replaces.`,
  });
}

function unknownVersion(version: string, migrations: readonly Migration[]): ReturnType<typeof fault> {
  const last = migrations.at(-1);
  return fault('unknown-version', {
    why: `There is no version ${version}; the folder contains ${migrations.length === 1 ? '1 migration' : `${migrations.length} migrations`}${last === undefined ? '' : `, the last is ${versionIn(last.id)}`}.`,
  });
}
