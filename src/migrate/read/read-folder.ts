import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { defaultSet, migrationId } from '../contract/migration-id.ts';
import type { Migration } from '../contract/model.ts';
import type { Folder, FolderEntry, Hashing } from '../contract/ports.ts';
import { isLayout, type Layout, type LayoutChoice } from '../contract/tool.ts';
import { nativeConvention } from './convention.ts';
import { toolsByNames, type Detection } from './layouts/by-names.ts';
import { detectionsOf, namesIn, toolsByMarks } from './layouts/detect.ts';
import { layOut } from './layouts/lay-out.ts';
import { refuseFolder, refuseMixed } from './layouts/refusal.ts';
import { readFiles } from './read-files.ts';

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
  return layout === 'auto' ? await readWhatItIs(source) : await readAs(layout, source);
}

/** The names decide; where they could be anyone's, the marks in the files do. */
async function readWhatItIs(source: Source): Promise<Outcome<FolderReading>> {
  const { folder, entries } = source;
  const names = await namesIn(folder, entries);
  const byNames = toolsByNames(names);
  if (byNames.length > 0) return await readDetected(byNames, source);
  const read = await readFiles({ ...source, convention: nativeConvention });
  const byMarks = read.ok ? detectionsOf(folder, read.value.marks) : await toolsByMarks(folder, names.files);
  if (byMarks.length > 0) return await readDetected(byMarks, source);
  return read.ok ? ok({ layout: 'native', migrations: read.value.migrations, findings: [] }) : read;
}

async function readDetected(found: readonly Detection[], source: Source): Promise<Outcome<FolderReading>> {
  const where = { file: source.folder.label };
  const [first, ...others] = found;
  if (first === undefined || others.length > 0) return err(refuseMixed(found, where));
  const { tool } = first;
  return isLayout(tool) ? await readAs(tool, source) : err(refuseFolder(first, where));
}

async function readAs(layout: Layout, source: Source): Promise<Outcome<FolderReading>> {
  const laidOut = await layOut(layout, source.folder, source.entries);
  if (!laidOut.ok) return laidOut;
  const read = await readFiles({ ...source, ...laidOut.value });
  return read.ok ? ok({ layout, migrations: read.value.migrations, findings: [] }) : read;
}
