import { bomLength } from '../../../sql/encoding.ts';
import type { Place } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { Folder, FolderEntry } from '../../contract/ports.ts';
import { isLayout, type Layout } from '../../contract/tool.ts';
import { toolsByNames, type Detection, type FolderNames } from './by-names.ts';
import { pathIn } from '../read-script-file.ts';
import { refuseFolder, refuseMixed } from './refusal.ts';
import { findMark, type ToolMark } from './marks.ts';

/** How much of a file is looked through for marks. */
const markedSize: number = 1024 * 1024;

/**
 * Tells which tools made a folder, by its names and by the marks in its files. Several mean that it is mixed; none, that
 * it is in the native layout, or no folder of migrations.
 */
export async function detectTools(folder: Folder): Promise<Outcome<readonly Detection[]>> {
  const listed = await folder.list();
  if (!listed.ok) return listed;
  const listing = await namesIn(folder, listed.value);
  const byNames = toolsByNames(listing);
  if (byNames.length > 0) return ok(byNames);
  return ok(await toolsByMarks(folder, listing.files));
}

/** The layout to read by, when this was detected; `foreign-layout` if several tools were, or one that is not read. */
export function chooseLayout(found: readonly Detection[], where: Place): Outcome<Layout> {
  const [first, ...others] = found;
  if (first === undefined) return ok('native');
  if (others.length > 0) return err(refuseMixed(found, where));
  return isLayout(first.tool) ? ok(first.tool) : err(refuseFolder(first, where));
}

/** The names in a folder and in the folders in it. Links that lead out are left out: they are refused when it is read. */
export async function namesIn(folder: Folder, entries: readonly FolderEntry[]): Promise<FolderNames> {
  const folders = new Map<string, readonly string[]>();
  for (const { name, type, outside } of entries) {
    if (type !== 'folder' || outside || name.startsWith('.')) continue;
    const inner = await folder.inner(name).list();
    folders.set(name, inner.ok ? inner.value.filter((one) => one.type === 'file').map((one) => one.name) : []);
  }
  const files = entries.filter(({ type }) => type === 'file').map(({ name }) => name);
  return { label: folder.label, files, folders };
}

/** The tools whose marks are in the SQL files of a folder. */
export async function toolsByMarks(folder: Folder, files: readonly string[]): Promise<readonly Detection[]> {
  const marks = new Map<string, ToolMark>();
  for (const name of files.filter((file) => file.endsWith('.sql')).toSorted()) {
    const mark = await markIn(folder, name);
    if (mark !== undefined) marks.set(name, mark);
  }
  return detectionsOf(folder, marks);
}

/** The tools that marks show, each once, with the first mark. */
export function detectionsOf(folder: Folder, marks: ReadonlyMap<string, ToolMark>): readonly Detection[] {
  const found = new Map<string, Detection>();
  for (const [name, { tool, line, text }] of marks)
    if (!found.has(tool)) found.set(tool, { tool, because: `${pathIn(folder, name)}, line ${line}: ${text}` });
  return [...found.values()];
}

async function markIn(folder: Folder, name: string): Promise<ToolMark | undefined> {
  try {
    const bytes = await (await folder.open(name)).read(0, markedSize);
    return findMark(bytes.subarray(bomLength(bytes)));
  } catch {
    // What cannot be read is reported when the folder is read.
    return undefined;
  }
}
