import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { defaultSet, migrationId } from '../contract/migration-id.ts';
import type { Migration } from '../contract/model.ts';
import type { Folder, FolderEntry, Hashing } from '../contract/ports.ts';
import { type Layout, type LayoutChoice } from '../contract/tool.ts';
import { toolsByNames, type Detection } from './layouts/by-names.ts';
import { listingOf, toolsByMarks } from './layouts/detect.ts';
import { refuseFolder, refuseMixed } from './layouts/refusal.ts';
import { readNative } from './read-native.ts';

/** What a folder holds. */
export interface FolderReading {
  /** The layout in which it was read. */
  readonly layout: Layout;
  /** In the order of their versions. */
  readonly migrations: readonly Migration[];
  /** Warnings and notes; an error makes the reading fail instead. */
  readonly findings: readonly Finding[];
}

/** How a folder is read. */
export interface ReadOptions {
  /** The set that the migrations belong to. Default: `app`. */
  readonly set?: string;
  /** Default: `auto`. */
  readonly layout?: LayoutChoice;
}

/**
 * Reads a folder of migrations in its layout. Files are hashed, not analysed. All problems of the folder are reported at
 * once.
 */
export async function readFolder(
  folder: Folder,
  hashing: Hashing,
  { set = defaultSet, layout = 'auto' }: ReadOptions = {},
): Promise<Outcome<FolderReading>> {
  const listed = await folder.list();
  if (!listed.ok) return listed;
  const read = await readIn(layout, { folder, entries: listed.value, hashing });
  if (!read.ok) return read;
  const migrations = read.value.migrations.map((migration) => ({ ...migration, id: migrationId(set, migration.id) }));
  return ok({ ...read.value, migrations });
}

interface Source {
  readonly folder: Folder;
  readonly entries: readonly FolderEntry[];
  readonly hashing: Hashing;
}

async function readIn(layout: LayoutChoice, source: Source): Promise<Outcome<FolderReading>> {
  if (layout === 'auto') return await readWhatItIs(source);
  const read = await readNative(source.folder, source.entries, source.hashing);
  return read.ok ? ok({ layout, migrations: read.value.migrations, findings: [] }) : read;
}

async function readWhatItIs(source: Source): Promise<Outcome<FolderReading>> {
  const { folder, entries, hashing } = source;
  const listing = await listingOf(folder, entries);
  const byNames = toolsByNames(listing);
  if (byNames.length > 0) return await readAs(byNames, source);
  const read = await readNative(folder, entries, hashing);
  if (!read.ok) {
    const byMarks = await toolsByMarks(folder, listing.files);
    return byMarks.length > 0 ? await readAs(byMarks, source) : read;
  }
  if (read.value.marks.size > 0) return await readAs(await toolsByMarks(folder, listing.files), source);
  return ok({ layout: 'native', migrations: read.value.migrations, findings: [] });
}

async function readAs(
  [first, ...others]: readonly Detection[],
  { folder, entries, hashing }: Source,
): Promise<Outcome<FolderReading>> {
  if (first === undefined) throw new Error('no tool to read as');
  const where = { file: folder.label };
  if (others.length > 0) return err(refuseMixed([first, ...others], where));
  if (first.tool === 'supabase' || first.tool === 'atlas' || first.tool === 'drizzle') {
    const read = await readNative(folder, entries, hashing);
    return read.ok ? ok({ layout: first.tool, migrations: read.value.migrations, findings: [] }) : read;
  }
  return err(refuseFolder(first, where));
}
