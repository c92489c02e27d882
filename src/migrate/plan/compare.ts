import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { appliedNow, type History } from '../contract/history.ts';
import type { HistoryRow } from '../contract/history-rows.ts';
import type { Migration } from '../contract/model.ts';
import { isBareId, isOf, setIn, versionIn } from '../contract/migration-id.ts';
import type { Bundle } from '../contract/ports.ts';
import { aheadFinding, isAheadOf, type AheadPolicy } from './ahead.ts';

/** The folder compared with the history, as sets: without a high-water mark, so nothing is skipped in silence. */
export interface Comparison {
  /** Applied and unchanged, in the order of application. */
  readonly applied: readonly { readonly migration: Migration; readonly row: HistoryRow }[];
  /** Not applied, in the order of the folder. */
  readonly pending: readonly Migration[];
  /** Pending migrations that come before an applied one. */
  readonly late: readonly Migration[];
  /** Applied, but the file has different content now. */
  readonly changed: readonly { readonly migration: Migration; readonly row: HistoryRow }[];
  /** Applied, without a file, and older than the newest file. */
  readonly missing: readonly HistoryRow[];
  /** Applied, without a file, and newer than every file: the folder is that of an earlier release. */
  readonly ahead: readonly HistoryRow[];
  /** Applied, and a file with the same content has another version (`migration` is pending) or another name. */
  readonly renamed: readonly { readonly migration: Migration; readonly row: HistoryRow }[];
  /**
   * The place of each squashed migration that was only recorded: after the last row that it replaces, by row number.
   */
  readonly places?: ReadonlyMap<number, number>;
}

/** Compares the migrations of one layout and set with the rows of the history that belong to it. */
export function compare(
  { layout, set, migrations, repeated = false }: Pick<Bundle, 'layout' | 'set' | 'migrations' | 'repeated'>,
  history: History,
): Comparison {
  const rows = appliedNow(history.rows).filter(({ id }) => isOf(id, { layout, set }));
  const byId = new Map(migrations.map((migration) => [migration.id, migration]));
  const rowIds = new Set(rows.map((row) => row.id));
  const pendingAll = migrations.filter((migration) => !rowIds.has(migration.id));
  const pendingByContent = new Map(pendingAll.map((migration) => [migration.up.checksum, migration]));

  const applied: { migration: Migration; row: HistoryRow }[] = [];
  const changed: { migration: Migration; row: HistoryRow }[] = [];
  const renamed: { migration: Migration; row: HistoryRow }[] = [];
  const withoutFile: HistoryRow[] = [];
  for (const row of rows) {
    const migration = byId.get(row.id);
    const moved = pendingByContent.get(row.checksum);
    if (migration !== undefined && migration.up.checksum !== row.checksum) changed.push({ migration, row });
    else if (migration !== undefined) {
      applied.push({ migration, row });
      if (migration.name !== row.name) renamed.push({ migration, row });
    } else if (moved !== undefined) renamed.push({ migration: moved, row });
    // A standalone script is named by the command; other scripts in the history do not matter.
    else if (layout === 'native') withoutFile.push(row);
  }

  if (layout === 'native' && !repeated) renamed.push(...takenAlong(pendingAll, appliedNow(history.rows), set));
  const movedIds = new Set(renamed.map(({ migration }) => migration.id));
  const pending = pendingAll.filter((migration) => !movedIds.has(migration.id));
  const known = migrations.some(({ id }) => rowIds.has(id));
  const ahead = withoutFile.filter(({ id }) => known && isAheadOf(id, migrations));
  const missing = withoutFile.filter((row) => !ahead.includes(row));
  const newest = migrations.findLastIndex((migration) => rowIds.has(migration.id));
  const older = new Set((ahead.length > 0 ? migrations : migrations.slice(0, Math.max(newest, 0))).map(({ id }) => id));
  const late = layout === 'bare' ? [] : pending.filter((migration) => older.has(migration.id));
  return { applied, pending, late, changed, missing, ahead, renamed };
}

/** Version, name and content equal an applied migration of another set: the project's set was different then. */
function takenAlong(pending: readonly Migration[], rows: readonly HistoryRow[], set: string): Comparison['renamed'] {
  const keyOf = (id: string, name: string, checksum: string): string => `${versionIn(id)} ${name} ${checksum}`;
  const others = rows.filter(({ id }) => !isBareId(id) && setIn(id) !== set);
  const known = new Map(others.map((row) => [keyOf(row.id, row.name, row.checksum), row]));
  return pending.flatMap((migration) => {
    const row = known.get(keyOf(migration.id, migration.name, migration.up.checksum));
    return row === undefined ? [] : [{ migration, row }];
  });
}

/** What findings depend on in addition to the comparison. */
export interface ComparisonOptions {
  /** Allows late migrations. */
  readonly outOfOrder: boolean;
  /** The environment is `local`: its database may be recreated at any time. */
  readonly local?: boolean;
  /** How a database ahead of the folder is reported. Default: `warn`. */
  readonly ahead?: AheadPolicy;
}

/** What the comparison finds wrong, as findings. */
export function findingsOf(comparison: Comparison, options: ComparisonOptions): readonly Finding[] {
  const newest = comparison.ahead.at(-1) ?? comparison.applied.at(-1)?.row;
  const withResetHint = (finding: Finding): Finding =>
    options.local === true && resettable.has(finding.code)
      ? { ...finding, fix: `${finding.fix} ${resetHint}` }
      : finding;
  return [
    ...comparison.changed.map((one) =>
      isOther(one) ? otherFinding(one, comparison) : withResetHint(changedFinding(one)),
    ),
    ...comparison.renamed.map(({ migration, row }) => renamedFinding(migration, row)),
    ...comparison.missing.map((row) =>
      withResetHint(
        fault('migration-missing', {
          where: { file: row.file },
          why: `The migration was applied on ${row.at} by ${row.by} as version ${versionIn(row.id)}.`,
        }),
      ),
    ),
    ...(comparison.ahead.length === 0 ? [] : [withResetHint(aheadFinding(comparison.ahead, options.ahead))]),
    ...(options.outOfOrder ? [] : comparison.late).map((migration) =>
      fault('out-of-order', {
        where: { file: migration.up.file },
        why: `Version ${versionIn(migration.id)} is pending, but ${newest === undefined ? 'a later one' : `version ${versionIn(newest.id)}`} is already applied.`,
        ...(comparison.ahead.length === 0 ? {} : { fix: hotfixHint }),
      }),
    ),
  ];
}

/** A version after all applied ones would turn the applied ones without a file into a gap. */
const hotfixHint =
  'For a hotfix of this earlier release, run `godwit up --out-of-order`; otherwise use the files of the newest release.';
const resettable: ReadonlySet<string> = new Set(['migration-changed', 'migration-missing', 'database-ahead']);
const resetHint = 'Or start again: `godwit db reset --up` drops this local database and applies all files.';

export type ChangedMigration = Comparison['changed'][number];

/** The version of an applied migration belongs to a file with a different name and content: two branches took it. */
export function isOther({ migration, row }: ChangedMigration): boolean {
  return !isBareId(row.id) && row.name !== migration.name;
}

function otherFinding({ migration, row }: ChangedMigration, comparison: Comparison): Finding {
  const { file } = migration.up;
  const free = nextVersion(file, comparison);
  return fault('migration-changed', {
    where: { file },
    why: `Version ${versionIn(row.id)} was applied on ${row.at} by ${row.by} as ${row.file}; ${file} is another migration with the same version.`,
    fix: `If yours came later, give it the next free version: ${free}_${migration.name}.sql, and restore the applied file. If another repository that uses this database applied it, give your project a set of its own: \`set: "billing"\` in its configuration.`,
  });
}

/** After every known version, with as many digits as this file has. */
function nextVersion(file: string, { applied, pending, changed, missing, ahead }: Comparison): string {
  const ids = [...applied, ...changed].map(({ row }) => row.id);
  const known = [...ids, ...pending.map(({ id }) => id), ...[...missing, ...ahead].map(({ id }) => id)]
    .map(versionIn)
    .filter((version) => /^\d+$/.test(version));
  const newest = known.map(BigInt).reduce((a, b) => (a > b ? a : b), 0n);
  const digits = /(\d+)_[^/]*$/.exec(file)?.[1]?.length ?? 1;
  return String(newest + 1n).padStart(digits, '0');
}

/** Standalone scripts are known by their names alone: a script of another folder may be meant. */
function changedFinding({ migration, row }: ChangedMigration): Finding {
  const { file, checksum } = migration.up;
  const where = { file };
  if (isBareId(row.id) && row.file !== file)
    return fault('bare-name-taken', {
      where,
      why: `${row.file}, which has other content, was applied on ${row.at} by ${row.by} under the name ${migration.name}.`,
    });
  return fault('migration-changed', {
    where,
    why: `The migration was applied on ${row.at} by ${row.by} with checksum ${short(row.checksum)}; the file now has ${short(checksum)}.`,
  });
}

function renamedFinding(migration: Migration, row: HistoryRow): Finding {
  const where = { file: migration.up.file };
  if (migration.id === row.id)
    return fault('migration-renamed', {
      where,
      severity: 'warning',
      why: `The migration was applied as ${row.file}; its version and content are the same.`,
    });
  const former = setIn(row.id);
  if (former !== setIn(migration.id))
    return fault('migration-renamed', {
      where,
      why: `The migration was applied on ${row.at} by ${row.by} as a migration of set ${former}; under set ${setIn(migration.id)} it would run a second time.`,
      fix: `If this project used set ${former} then, restore that. If another project has the same file, change a comment in yours.`,
    });
  return fault('migration-renamed', {
    where,
    why: `The same content was applied as ${row.file} (version ${versionIn(row.id)}); under version ${versionIn(migration.id)} it would run a second time.`,
  });
}

function short(checksum: string): string {
  return checksum.slice(0, 12);
}
