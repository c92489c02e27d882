import {
  keyOfName,
  kindIn,
  type HomeAddress,
  type ObjectAddress,
  type ObjectKind,
} from '../../contract/catalogue-object.ts';
import { checkKind } from '../../contract/check-kind.ts';
import { wordsIn, type DefinitionWords } from '../../contract/definition.ts';
import type { Check } from '../../contract/model.ts';
import { lastPart } from '../advice/did-you-mean.ts';
import { lineDifference } from './line-difference.ts';
import { differentWords, shownPart } from './word-difference.ts';

/** A difference as `compareHomes` returns it, values as the server's text. */
export type DifferenceRow = readonly (string | null)[];

/** What is known of a migration, by its number in the history. */
interface KnownMigration {
  readonly id: string;
  readonly file: string;
  readonly run: string;
}

/** The identity of an object, and that of the object that it is part of, or its own. */
export interface ObjectPlace {
  readonly address: ObjectAddress;
  readonly home: HomeAddress;
}

/** One object that differs: its baseline state and its present state. */
export interface BaselineDifference {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly home: string;
  readonly oldName: string;
  readonly oldHome: string;
  readonly words: DefinitionWords | undefined;
  readonly oldWords: DefinitionWords | undefined;
  readonly seq: string;
  readonly whole: boolean;
  /** The present object; undefined: it does not exist. */
  readonly is: ObjectPlace | undefined;
  /** The object of the baseline; undefined: it did not exist. */
  readonly was: ObjectPlace | undefined;
}

/** How differences are reported. */
export interface BaselineCheckOptions {
  /** By their number in the history. */
  readonly migrations: ReadonlyMap<string, KnownMigration>;
  /** False: another major version writes different texts, so only kinds, names, types and NOT NULL are compared. */
  readonly words: boolean;
}

/**
 * The differences from the baseline as checks, one for each part of a definition.
 */
export function checksOf(rows: readonly DifferenceRow[], options: BaselineCheckOptions): readonly Check[] {
  return describeDifferences(rows, options).flatMap(({ checks }) => checks);
}

/**
 * The differences to report, each with its checks. A missing and an added object of the same name belong together: a
 * constraint that the server recreated has a new OID and the same definition.
 */
export function describeDifferences(
  rows: readonly DifferenceRow[],
  options: BaselineCheckOptions,
): readonly { readonly difference: BaselineDifference; readonly checks: readonly Check[] }[] {
  const differences = differencesOf(rows);
  // What is gone with its table is reported with the table.
  const goneHomes = new Set(
    differences.flatMap(({ words, oldWords, oldName, oldHome }) =>
      words === undefined && oldWords !== undefined && oldName === oldHome ? [oldName] : [],
    ),
  );
  const gone = differences.filter(({ words, oldWords }) => words === undefined && oldWords !== undefined);
  const columns = gone.filter(({ kind }) => kind === 'column');
  const constraints = new Map(gone.filter(({ kind }) => kind === 'constraint').map((one) => [one.oldName, one]));
  return differences.flatMap((difference) => {
    const { oldName, oldHome } = difference;
    if (goneHomes.has(oldHome) && oldName !== oldHome) return [];
    const along = columnOf(difference, columns, constraints);
    const checks = checksFor(difference, options).map((check) => (along === undefined ? check : { ...check, along }));
    return checks.length === 0 ? [] : [{ difference, checks }];
  });
}

/** The missing column with which an index or a constraint went: its definition names the column. */
function columnOf(
  { kind, words, oldWords, oldHome, oldName }: BaselineDifference,
  columns: readonly BaselineDifference[],
  constraints: ReadonlyMap<string, BaselineDifference>,
): string | undefined {
  if (words !== undefined || oldWords === undefined || (kind !== 'index' && kind !== 'constraint')) return undefined;
  const near = columns.filter((column) => column.oldHome === oldHome);
  if (near.length === 0) return undefined;
  // The index of a constraint is gone with it.
  const constraint = constraints.get(`${oldHome}.${lastPart(oldName)}`)?.oldWords ?? [];
  const text = [...oldWords, ...constraint].join(' ');
  return near.find((column) => isNamedIn(text, column.oldName, oldHome))?.oldName;
}

function isNamedIn(text: string, column: string, home: string): boolean {
  const name = column.slice(home.length + 1).replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return name !== '' && new RegExp(`(?<![\\w$"])${name}(?![\\w$"])`, 'u').test(text);
}

/** All differences, including those that are reported with another one. */
export function differencesOf(rows: readonly DifferenceRow[]): readonly BaselineDifference[] {
  return paired(rows.map(read));
}

function read(row: DifferenceRow): BaselineDifference {
  const [, kind, name, home, oldName, oldHome, words, oldWords, seq, whole, ...keys] = row;
  return {
    kind: kindIn(kind),
    name: name ?? '',
    home: home ?? '',
    oldName: oldName ?? '',
    oldHome: oldHome ?? '',
    words: words == null ? undefined : wordsIn(words),
    oldWords: oldWords == null ? undefined : wordsIn(oldWords),
    seq: seq ?? '',
    whole: whole === 't',
    is: placeIn(keys.slice(0, 5)),
    was: placeIn(keys.slice(5)),
  };
}

function placeIn([classOf, oid, sub, homeClass, home]: DifferenceRow): ObjectPlace | undefined {
  if (oid == null) return undefined;
  const address = { class: classOf ?? '', oid, sub: sub ?? '0' };
  return { address, home: { class: homeClass ?? '', oid: home ?? '' } };
}

function paired(differences: readonly BaselineDifference[]): readonly BaselineDifference[] {
  const added = new Map(
    differences.filter(({ oldWords }) => oldWords === undefined).map((one) => [keyOfName(one), one]),
  );
  const result: BaselineDifference[] = [];
  for (const one of differences) {
    if (one.oldWords === undefined) continue;
    const key = keyOfName({ kind: one.kind, name: one.oldName });
    const again = one.words === undefined ? added.get(key) : undefined;
    if (again === undefined) result.push(one);
    else {
      added.delete(key);
      const { oldName, oldHome, oldWords, seq, was } = one;
      result.push({ ...again, oldName, oldHome, oldWords, seq, was });
    }
  }
  return [...result, ...added.values()];
}

function checksFor(
  difference: BaselineDifference,
  { migrations, words: compared }: BaselineCheckOptions,
): readonly Check[] {
  const { kind, name, oldName, words, oldWords, seq, whole } = difference;
  const migration = migrations.get(seq);
  const common = {
    kind: checkKind('drift', kind),
    object: oldName === '' ? name : oldName,
    ok: false as const,
    where: { file: migration?.file ?? '' },
    migration: migration?.id ?? '',
    ...(migration === undefined ? {} : { run: migration.run }),
  };
  if (oldWords === undefined)
    return whole && kind !== 'foreign table source'
      ? [{ ...common, severity: 'warning', expected: 'not there', actual: 'added' }]
      : [];
  if (words === undefined) return [{ ...common, severity: 'error', expected: 'there', actual: 'missing' }];
  const renamed = isRenamed(difference)
    ? [{ ...common, severity: 'error' as const, expected: `name: ${oldName}`, actual: `name: ${name}` }]
    : [];
  const parts = differentWords(oldWords, words).filter(
    ({ part }) => compared || part === 'type' || part === 'not null',
  );
  return [
    ...renamed,
    ...parts.map(({ part, was, is, severity }): Check => {
      const several = was.includes('\n') || is.includes('\n');
      return {
        ...common,
        severity,
        expected: several && was !== '' && is !== '' ? `${part} as it was` : shownPart(part, was),
        actual: several && was !== '' && is !== '' ? `${part}:\n${lineDifference(was, is)}` : shownPart(part, is),
      };
    }),
  ];
}

/** A part's name contains that of its table: the renaming of the table is reported once. */
function isRenamed({ name, home, oldName, oldHome }: BaselineDifference): boolean {
  if (name === oldName) return false;
  return (
    oldName === oldHome ||
    !oldName.startsWith(`${oldHome}.`) ||
    name.slice(home.length) !== oldName.slice(oldHome.length)
  );
}
