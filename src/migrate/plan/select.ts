import { fault } from '../../kit/fault.ts';
import { bad, good, type Outcome } from '../../kit/outcome.ts';
import type { Migration } from '../model.ts';
import { versionIn } from '../migration-id.ts';
import { canonicalVersion } from '../read/file-name.ts';
import type { Selection } from '../task.ts';
import type { Comparison } from './compare.ts';

/** The migrations that the selection names, in the order in which they would run. */
export function select(
  selection: Selection,
  comparison: Comparison,
  migrations: readonly Migration[],
): Outcome<readonly Migration[]> {
  if (selection.only !== undefined) return selectOnly(selection, comparison, migrations);
  return selection.direction === 'up'
    ? selectUp(selection, comparison, migrations)
    : selectDown(selection, comparison, migrations);
}

function selectUp(
  selection: Selection,
  comparison: Comparison,
  migrations: readonly Migration[],
): Outcome<readonly Migration[]> {
  if (selection.to === undefined) return good(comparison.pending);
  const last = migrations.findIndex(({ id }) => isNamed(id, selection.to ?? ''));
  if (last < 0) return bad(unknownVersion(selection.to, migrations));
  const wanted = new Set(migrations.slice(0, last + 1).map((migration) => migration.id));
  return good(comparison.pending.filter((migration) => wanted.has(migration.id)));
}

function selectDown(
  selection: Selection,
  comparison: Comparison,
  migrations: readonly Migration[],
): Outcome<readonly Migration[]> {
  const undoable = [...comparison.applied].reverse();
  if (undoable.length === 0) return bad(fault('nothing-to-undo', { why: 'No migration of this folder is applied.' }));
  if (selection.to === undefined) return good(undoable.slice(0, 1).map(({ migration }) => migration));
  const version = canonicalVersion(selection.to);
  if (version === '0') return good(undoable.map(({ migration }) => migration));
  const kept = migrations.findIndex(({ id }) => isNamed(id, version));
  if (kept < 0) return bad(unknownVersion(selection.to, migrations));
  const wanted = new Set(migrations.slice(kept + 1).map((migration) => migration.id));
  return good(undoable.map(({ migration }) => migration).filter((migration) => wanted.has(migration.id)));
}

function selectOnly(
  selection: Selection,
  comparison: Comparison,
  migrations: readonly Migration[],
): Outcome<readonly Migration[]> {
  const ids = new Set(selection.only);
  const named = migrations.filter((migration) => ids.has(migration.id));
  const applied = new Set(comparison.applied.map(({ migration }) => migration.id));
  if (selection.direction === 'up') return good(named.filter((migration) => !applied.has(migration.id)));
  const undone = named.filter((migration) => applied.has(migration.id));
  const [first] = named;
  if (undone.length > 0 || first === undefined) return good(undone.reverse());
  return bad(fault('nothing-to-undo', { where: { file: first.up.file }, why: 'It is not applied.' }));
}

/** By its version, or by its id as the history has it. */
function isNamed(id: string, typed: string): boolean {
  return id === typed || versionIn(id) === canonicalVersion(typed);
}

function unknownVersion(version: string, migrations: readonly Migration[]): ReturnType<typeof fault> {
  const last = migrations.at(-1);
  return fault('unknown-version', {
    why: `There is no version ${version}; the folder holds ${migrations.length === 1 ? '1 migration' : `${migrations.length} migrations`}${last === undefined ? '' : `, the last is ${versionIn(last.id)}`}.`,
  });
}
