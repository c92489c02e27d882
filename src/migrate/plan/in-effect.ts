import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { isReplaced, lastReplaced, rangesText, type Replaces } from '../../sql/replaces.ts';
import { appliedNow, type History } from '../contract/history.ts';
import type { HistoryRow } from '../contract/history-rows.ts';
import { isBareId, setIn, versionIn } from '../contract/migration-id.ts';
import type { Migration } from '../contract/model.ts';
import type { Bundle } from '../contract/ports.ts';

/** A migration that was squashed from others. */
type Squashed = Migration & { readonly replaces: Replaces };

/** The folder and the history in relation to each other after migrations were squashed. */
export interface InEffect {
  /** The migrations that this database uses, in the order of the folder: one file for each version. */
  readonly migrations: readonly Migration[];
  /** The history without the rows that a squashed migration replaces. */
  readonly rows: readonly HistoryRow[];
  /** Squashed migrations that replace only applied migrations, with the rows of those. */
  readonly recordable: ReadonlyMap<Migration, readonly HistoryRow[]>;
  /** Replaced files that are applied here: they must be unchanged if they still exist. */
  readonly replaced: { readonly migrations: readonly Migration[]; readonly rows: readonly HistoryRow[] };
  /**
   * The place of each recorded squashed migration in the history: its row number, and the number of the last row that
   * it replaces.
   */
  readonly places: ReadonlyMap<number, number>;
  /** Errors that stop the run. */
  readonly findings: readonly Finding[];
}

/** The part of a history on which the decision rests. */
type DecidingHistory = Pick<History, 'rows'> & { readonly partial: readonly { readonly migration: string }[] };

/** The bundle with the migrations that a database with this history uses. */
export function bundleInEffect(bundle: Bundle, history: DecidingHistory): Bundle {
  const folder = bundle.folder ?? bundle.migrations;
  if (!folder.some(isSquashed)) return bundle;
  return { ...bundle, folder, migrations: inEffect(folder, history).migrations };
}

/**
 * Decides for each squashed migration what represents it in this database: itself, if it is applied, or if nothing that
 * it replaces is; the applied ones that it replaces, so that it is only recorded; or those and their files, which
 * remain in use until all of them are applied.
 *
 * @param folder all migrations, including two of one version if one replaces the other
 */
export function inEffect(folder: readonly Migration[], history: DecidingHistory): InEffect {
  const state: InEffectState = {
    migrations: [...folder],
    rows: withoutForeign(folder, history.rows),
    recordable: new Map(),
    replaced: { migrations: [], rows: [] },
    places: new Map(),
    findings: [],
  };
  for (const squashed of folder.filter(isSquashed)) decideSquashed(squashed, history, state);
  return state;
}

/**
 * Recorded in place of others, but the folder is of an earlier release: nothing of it was executed, and the replaced
 * ones count on their own.
 */
function withoutForeign(folder: readonly Migration[], rows: readonly HistoryRow[]): readonly HistoryRow[] {
  if (!rows.some(({ kind }) => kind === 'squashed')) return rows;
  const own = new Set(folder.filter(isSquashed).map(({ id }) => id));
  return rows.filter(({ kind, id }) => kind !== 'squashed' || own.has(id));
}

function isSquashed(migration: Migration): migration is Squashed {
  return migration.replaces !== undefined;
}

interface InEffectState extends InEffect {
  migrations: Migration[];
  rows: readonly HistoryRow[];
  readonly recordable: Map<Migration, readonly HistoryRow[]>;
  readonly replaced: { readonly migrations: Migration[]; readonly rows: HistoryRow[] };
  readonly places: Map<number, number>;
  readonly findings: Finding[];
}

/**
 * Squashed migrations come in the order of the folder: when one replaces another, that other one is already decided.
 */
function decideSquashed(squashed: Squashed, { rows, partial }: DecidingHistory, state: InEffectState): void {
  const { replaces } = squashed;
  const own = ownRows(squashed, rows);
  const isOwn = new Set(own);
  const last = own.at(-1);
  const files = state.migrations.filter((one) => one !== squashed && covers(squashed, one.id));
  const others = rows.filter((row) => covers(squashed, row.id) && !isOwn.has(row));
  const hideReplaced = (): void => {
    state.migrations = state.migrations.filter((one) => !files.includes(one));
    const hidden = new Set(others);
    state.rows = state.rows.filter((row) => !hidden.has(row));
    for (const file of files) state.recordable.delete(file);
  };
  if (last !== undefined && last.kind !== 'reverted') {
    const before = others.findLast(({ seq }) => seq < last.seq);
    if (last.kind === 'squashed' && before !== undefined) state.places.set(last.seq, before.seq);
    return hideReplaced();
  }
  // If it was undone, so was everything that it stood for.
  const applied = appliedNow(others.filter(({ seq }) => seq > (last?.seq ?? 0)));
  const started = partial.some(({ migration }) => covers(squashed, migration) && migration !== squashed.id);
  if (applied.length === 0 && !started) return hideReplaced();
  const ids = new Set(applied.map(({ id }) => id));
  const lacking = files.filter((file) => !ids.has(file.id) && !state.recordable.has(file));
  if (!started && lacking.length === 0 && isWhole(replaces, applied)) {
    state.recordable.set(squashed, applied);
    state.replaced.migrations.push(...files);
    state.replaced.rows.push(...applied);
    return hideReplaced();
  }
  // If their files exist, they remain in use, and the squashed one waits.
  const known = new Set([...ids, ...files.map(({ id }) => id)]);
  if (
    isWhole(
      replaces,
      [...known].map((id) => ({ id })),
    )
  ) {
    state.migrations = state.migrations.filter((one) => one !== squashed);
    state.findings.push(waits(squashed, lacking.length));
    return;
  }
  state.findings.push(inPart(squashed, applied, files));
  hideReplaced();
}

/** Is this one of the migrations that it replaces? */
export function covers({ id, replaces }: Migration, other: string): boolean {
  return (
    replaces !== undefined && !isBareId(other) && setIn(other) === setIn(id) && isReplaced(replaces, versionIn(other))
  );
}

/** Its own rows, if it has the version of the last one that it replaces. */
function ownRows(squashed: Squashed, rows: readonly HistoryRow[]): readonly HistoryRow[] {
  const { id, name, up, replaces } = squashed;
  const same = rows.filter((row) => row.id === id);
  if (!covers(squashed, id)) return same;
  const first = same.find(({ kind, checksum }) => kind === 'squashed' || checksum === up.checksum);
  if (first !== undefined) return same.filter(({ seq }) => seq >= first.seq);
  // Edited since it was executed in a new database: nothing that it replaces is applied there.
  const alone = !rows.some((row) => row.id !== id && covers(squashed, row.id));
  return alone && (same.at(-1)?.name === name || replaces.ranges.some(({ from, to }) => from !== to)) ? same : [];
}

/** As many as there were, and the last of each range: numbers between them may be unused. */
function isWhole({ ranges, count = 0 }: Replaces, applied: readonly { readonly id: string }[]): boolean {
  const ids = new Set(applied.map(({ id }) => versionIn(id)));
  return ids.size >= count && ranges.every(({ to }) => ids.has(to));
}

function waits({ up, replaces }: Squashed, lacking: number): Finding {
  const why = `The file replaces ${rangesText(replaces)}. ${lacking === 1 ? '1 of these is' : `${lacking} of these are`} not applied here, so this database continues with their files; a later \`godwit up\` records the squashed file.`;
  return fault('squash-waits', { where: { file: up.file }, why });
}

const mostNamed = 8;

function inPart({ up, replaces }: Squashed, applied: readonly HistoryRow[], files: readonly Migration[]): Finding {
  const there = applied.map(({ id }) => versionIn(id));
  const ids = new Set(there);
  const lacks = [
    ...new Set([
      ...files.map(({ id }) => versionIn(id)).filter((version) => !ids.has(version)),
      ...replaces.ranges.map(({ to }) => to).filter((to) => !ids.has(to)),
    ]),
  ];
  const of = replaces.count === undefined ? '' : ` of ${replaces.count}`;
  const missing =
    lacks.length === 0 ? 'some of the others are not' : `${named(lacks)} ${lacks.length === 1 ? 'is' : 'are'} not`;
  const why = `The file replaces ${rangesText(replaces)}. Of these ${there.length}${of} ${there.length === 1 ? 'is' : 'are'} applied here (${named(there)}); ${missing}.`;
  const fix = `Check out the last release before ${up.file} (its files up to ${lastReplaced(replaces)}), run \`godwit up\`, then run it again with this release.`;
  return fault('squash-in-part', { where: { file: up.file }, why, fix });
}

function named(ids: readonly string[]): string {
  if (ids.length <= mostNamed) return ids.join(', ');
  return `${ids.slice(0, 3).join(', ')}, … ${ids.slice(-2).join(', ')}`;
}
