import { bomLength } from '../../sql/encoding.ts';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { isReplaced, lastReplaced, rangesText, type Replaces } from '../../sql/replaces.ts';
import type { Migration, Role } from '../contract/model.ts';
import type { Folder } from '../contract/ports.ts';
import { compareVersions } from './file-name.ts';
import { headSize, replacesOf } from './replaces-of.ts';

interface VersionedFile {
  readonly entry: { readonly name: string };
  readonly role: Role;
  readonly version: string;
}

/** Names of files that replace the version that they share with another file. */
export async function replacingTwins(folder: Folder, files: readonly VersionedFile[]): Promise<ReadonlySet<string>> {
  const counts = new Map<string, number>();
  const ups = files.filter(({ role }) => role === 'up');
  for (const { version } of ups) counts.set(version, (counts.get(version) ?? 0) + 1);
  const found = new Set<string>();
  for (const { entry, version } of ups) {
    if (counts.get(version) === 1) continue;
    const replaces = await readHead(folder, entry.name);
    if (replaces !== undefined && isReplaced(replaces, version)) found.add(entry.name);
  }
  return found;
}

/** A file that cannot be read is reported when the whole file is read. */
async function readHead(folder: Folder, name: string): Promise<Replaces | undefined> {
  try {
    const bytes = await (await folder.open(name)).read(0, headSize);
    return replacesOf(bytes.subarray(bomLength(bytes)));
  } catch {
    return undefined;
  }
}

/** Squashed files at a wrong place in the order of their folder. */
export function judgeReplaces(migrations: readonly Migration[]): readonly Finding[] {
  return migrations.flatMap((migration): readonly Finding[] => {
    const { replaces, id, up } = migration;
    if (replaces === undefined) return [];
    const where = { file: up.file };
    const last = lastReplaced(replaces);
    if (compareVersions(id, last) < 0) {
      const why = `The file replaces ${rangesText(replaces)}, but its own version, ${id}, is older than ${last}.`;
      const fix = `Give it the version ${last}, or one between ${last} and the next migration.`;
      return [fault('directive-invalid', { where, why, fix })];
    }
    const between = migrations.find(
      (one) => !isReplaced(replaces, one.id) && compareVersions(one.id, last) > 0 && compareVersions(one.id, id) < 0,
    );
    if (between === undefined) return [];
    const why = `${between.up.file} is between the replaced versions (${rangesText(replaces)}) and the squashed file’s own version: in a new database it would run before the squashed file.`;
    const fix = `Give the squashed file the version ${last}, or one below ${between.id}.`;
    return [fault('directive-invalid', { where, why, fix })];
  });
}
