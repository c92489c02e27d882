import type { ForeignEntry, ForeignHistory } from '../../../contract/foreign-history.ts';
import { versionIn } from '../../../contract/migration-id.ts';
import type { Migration } from '../../../contract/model.ts';

/** The migrations of the folder that a tool's history holds as applied. */
export interface ForeignClaim {
  readonly history: ForeignHistory;
  /** By the id of the migration, in the order of the folder. */
  readonly claimed: ReadonlyMap<string, ForeignEntry>;
  /** Entries for which the folder has no migration. */
  readonly strangers: readonly ForeignEntry[];
}

/**
 * Which migrations of a folder a tool's history means. A tool knows a migration by its version, by the name of its file
 * or folder, or by a hash of the file; a team that has renamed its files for godwit has kept the version or the name.
 *
 * @param history of the tool
 * @param migrations of the folder, in their order
 */
export function matchEntries(history: ForeignHistory, migrations: readonly Migration[]): ForeignClaim {
  const known = keysOf(migrations);
  const found = new Map<string, ForeignEntry>();
  const strangers: ForeignEntry[] = [];
  for (const entry of history.entries) {
    const own = keysIn(entry).flatMap((key) => known.get(key) ?? [])[0];
    if (own !== undefined) found.set(own.id, entry);
    if (own === undefined && entry.upTo !== true) strangers.push(entry);
    if (entry.upTo !== true) continue;
    const before = upTo(entry, own, migrations);
    if (before.length === 0) strangers.push(entry);
    // When each of them was applied is not known.
    for (const { id } of before) if (!found.has(id)) found.set(id, { ...entry, at: '' });
  }
  const claimed = migrations.flatMap(({ id }): readonly (readonly [string, ForeignEntry])[] => {
    const entry = found.get(id);
    return entry === undefined ? [] : [[id, entry]];
  });
  return { history, claimed: new Map(claimed), strangers };
}

function upTo(
  { version }: ForeignEntry,
  own: Migration | undefined,
  migrations: readonly Migration[],
): readonly Migration[] {
  if (own !== undefined) return migrations.slice(0, migrations.indexOf(own) + 1);
  return migrations.filter(({ id }) => compareVersions(versionIn(id), version) <= 0);
}

/** Dotted numbers, part by part; anything else is after every version. */
function compareVersions(one: string, other: string): number {
  const [first, second] = [canonical(one), canonical(other)];
  if (first === undefined || second === undefined) return 1;
  const [left, right] = [first.split('.').map(BigInt), second.split('.').map(BigInt)];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [a, b] = [left[at] ?? 0n, right[at] ?? 0n];
    if (a !== b) return a < b ? -1 : 1;
  }
  return 0;
}

/** `001`, `1` and `1.0` are the same version, and so are `2_1` and `2.1`. */
function canonical(version: string): string | undefined {
  if (!/^\d+([._]\d+)*$/.test(version)) return undefined;
  const parts = version.split(/[._]/).map((part) => String(BigInt(part)));
  while (parts.length > 1 && parts.at(-1) === '0') parts.pop();
  return parts.join('.');
}

/** Everything by which a tool may know the migrations; of two with the same key the first one has it. */
function keysOf(migrations: readonly Migration[]): ReadonlyMap<string, Migration> {
  const known = new Map<string, Migration>();
  const add = (key: string, migration: Migration): void => {
    if (key !== '' && !known.has(key)) known.set(key, migration);
  };
  for (const migration of migrations) {
    const { id, up, knownAs } = migration;
    const [file = '', folder = ''] = up.file.split('/').toReversed();
    for (const name of [knownAs ?? '', file, stemOf(file), folder]) if (name !== '') add(`name ${name}`, migration);
    for (const version of [versionIn(id), knownAs ?? '']) add(versionKey(version), migration);
    add(`hash ${up.checksum}`, migration);
  }
  // What people call it is the last resort.
  for (const migration of migrations) add(`name ${migration.name}`, migration);
  return known;
}

function keysIn({ version, name, hash }: ForeignEntry): readonly string[] {
  const file = name.split('/').at(-1) ?? '';
  return [
    ...(hash === '' ? [] : [`hash ${hash}`]),
    ...[name, file, stemOf(file)].filter((one) => one !== '').map((one) => `name ${one}`),
    versionKey(version),
  ];
}

function versionKey(version: string): string {
  const known = canonical(version);
  return known === undefined ? (version === '' ? '' : `name ${version}`) : `version ${known}`;
}

/** A file name without what tells that it is SQL or a program. */
function stemOf(file: string): string {
  return file.replace(/(\.up)?\.(sql|js|ts|cjs|mjs|py|rb)$/, '');
}
