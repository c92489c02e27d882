import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { defaultSet, migrationId } from '../contract/migration-id.ts';
import type { Migration } from '../contract/model.ts';
import type { Folder, FolderEntry, Hashing } from '../contract/ports.ts';
import { isLayout, type Layout, type LayoutChoice } from '../contract/tool.ts';
import { nativeConvention } from './convention.ts';
import { toolAround, toolsByNames, type Detection, type FolderNames } from './layouts/by-names.ts';
import { chooseLayout, detectionsOf, namesIn, toolsByMarks } from './layouts/detect.ts';
import { layOut } from './layouts/lay-out.ts';
import { readFiles } from './read-files.ts';
import { unreadIn } from './unread.ts';

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
  const names = await namesIn(folder, listed.value);
  const read = await readIn(layout, { folder, entries: listed.value, names, hashing });
  if (!read.ok) return read;
  const findings = await unreadIn(folder, names, read.value);
  if (findings.some(({ severity }) => severity === 'error')) return err(...findings);
  const migrations =
    set === defaultSet
      ? read.value.migrations
      : read.value.migrations.map((migration) => ({ ...migration, id: migrationId(set, migration.id) }));
  return ok({ layout: read.value.layout, migrations, findings });
}

type ReadIn = Omit<FolderReading, 'findings'>;

interface Source {
  readonly folder: Folder;
  readonly entries: readonly FolderEntry[];
  readonly names: FolderNames;
  readonly hashing: Hashing;
}

async function readIn(layout: LayoutChoice, source: Source): Promise<Outcome<ReadIn>> {
  return layout === 'auto' ? await readWhatItIs(source) : await readAs(layout, source);
}

/** The names decide; where they could be anyone's, the marks in the files do. */
async function readWhatItIs(source: Source): Promise<Outcome<ReadIn>> {
  const { folder, names } = source;
  const byNames = toolsByNames(names);
  if (byNames.length > 0) return await readDetected(byNames, source);
  const read = await readFiles({ ...source, convention: nativeConvention });
  const byMarks = read.ok ? detectionsOf(folder, read.value.marks) : await toolsByMarks(folder, names.files);
  if (byMarks.length > 0) return await readDetected(byMarks, source);
  const beside = read.ok ? undefined : await toolBeside(folder, read.findings);
  if (beside !== undefined) return await readDetected([beside], source);
  return read.ok ? ok({ layout: 'native', migrations: read.value.migrations }) : read;
}

async function readDetected(found: readonly Detection[], source: Source): Promise<Outcome<ReadIn>> {
  const layout = chooseLayout(found, { file: source.folder.label });
  return layout.ok ? await readAs(layout.value, source) : layout;
}

async function readAs(layout: Layout, source: Source): Promise<Outcome<ReadIn>> {
  const laidOut = await layOut(layout, source.folder, source.entries);
  if (!laidOut.ok) return laidOut;
  const read = await readFiles({ ...source, ...laidOut.value });
  return read.ok ? ok({ layout, migrations: read.value.migrations }) : read;
}

/** Where no file has a version, the configuration of a tool beside the folder tells why. */
async function toolBeside(folder: Folder, findings: readonly Finding[]): Promise<Detection | undefined> {
  if (!findings.every(({ code }) => code === 'migration-no-version')) return undefined;
  const tool = toolAround(await folder.around());
  return tool === undefined || isLayout(tool.tool) ? undefined : tool;
}
