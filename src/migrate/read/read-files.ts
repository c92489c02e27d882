import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Migration } from '../contract/model.ts';
import type { FolderEntry } from '../contract/ports.ts';
import { toolTitles } from '../contract/tool.ts';
import type { Convention } from './convention.ts';
import { compareVersions, type FileName } from './file-name.ts';
import { setApart } from './layouts/apart.ts';
import type { ToolMark } from './layouts/marks.ts';
import { readGroups, type FileGroup, type FilesSource, type NamedFile } from './read-groups.ts';
import { pathIn, visible } from './read-script-file.ts';
import { judgeReplaces, replacingTwins } from './replacing.ts';

/** The migrations of a folder, and the marks of tools in its files. */
export interface FilesReading {
  /** In the order of their versions; ids are versions. */
  readonly migrations: readonly Migration[];
  /** The first mark of each file that has one, by the path of the file. */
  readonly marks: ReadonlyMap<string, ToolMark>;
}

/**
 * Reads files by the convention of their layout. They are hashed, not analysed. All problems of the folder are reported
 * at once.
 */
export async function readFiles(source: FilesSource): Promise<Outcome<FilesReading>> {
  const { folder, entries, convention } = source;
  const findings: Finding[] = [];
  const found: NamedFile[] = [];
  for (const entry of entries) {
    const file = pathIn(folder, entry.name);
    const named = convention.nameOf(entry.name);
    const problem = judgeEntry(entry, file, named);
    if (problem !== undefined) findings.push(problem);
    else if (named.kind === 'script')
      found.push({ entry, file, role: named.role, version: named.version, name: named.name });
  }
  found.sort((a, b) => compareVersions(a.version, b.version) || (a.file < b.file ? -1 : 1));
  const files = convention.sharesVersions === true ? setApart(found) : found;
  const groups = groupFiles(files, await replacingTwins(folder, files), { findings, convention });
  findings.push(...judgeOrder(groups, convention));
  if (findings.length > 0) return err(...findings.sort(byFile));
  const marks = new Map<string, ToolMark>();
  const read = await readGroups({ ...source, marks }, groups);
  if (!read.ok) return read;
  const wrong = judgeReplaces(read.value);
  return wrong.length > 0 ? err(...wrong) : ok({ migrations: read.value, marks });
}

function byFile(a: Finding, b: Finding): number {
  const left = a.where?.file ?? '';
  const right = b.where?.file ?? '';
  return left < right ? -1 : left > right ? 1 : 0;
}

/** What is wrong with an entry itself; undefined if nothing, or if the entry is ignored. */
function judgeEntry(entry: FolderEntry, file: string, named: FileName): Finding | undefined {
  if (named.kind === 'other') return undefined;
  const where = { file };
  if (named.kind === 'odd') {
    const why = `The name ${JSON.stringify(visible(entry.name))} has characters (or capitals in \`.sql\`) that are not allowed: use letters, digits, \`.\`, \`_\` and \`-\`.`;
    return fault('migration-odd-name', { why, where: { file: visible(file) } });
  }
  if (entry.outside)
    return fault('migration-outside', { why: `${file} is a link that leads out of the folder.`, where });
  if (entry.type !== 'file') {
    const what = entry.type === 'folder' ? 'a folder' : 'a device, a pipe or a broken link';
    return fault('migration-not-a-file', { why: `${file} is ${what}.`, where });
  }
  if (named.kind === 'script') return undefined;
  if (named.kind === 'foreign')
    return fault('foreign-layout', { why: named.why, where, ...(named.fix === undefined ? {} : { fix: named.fix }) });
  const fix =
    named.better === undefined
      ? `To run it as a standalone script: \`godwit up --file ${file}\`. To make it a migration, give it a version: 0001_${entry.name}.`
      : `Rename it to ${named.better}.`;
  return fault('migration-no-version', { why: `${file} does not begin with a version and \`_\`.`, fix, where });
}

/**
 * Joins companions with their migrations; reports duplicate versions and companions without a migration.
 *
 * @param replacing names of files that may share a version with the file that they replace
 */
function groupFiles(
  files: readonly NamedFile[],
  replacing: ReadonlySet<string>,
  { findings, convention }: { readonly findings: Finding[]; readonly convention: Convention },
): readonly FileGroup[] {
  const groups = new Map<string, FileGroup>();
  // A replaced file comes before the one that replaces it.
  for (const own of [false, true]) {
    for (const file of files) {
      if (file.role !== 'up' || replacing.has(file.entry.name) !== own) continue;
      const key = own ? `${file.version} replaced` : file.version;
      const other = groups.get(key);
      if (other === undefined) groups.set(key, { version: file.version, name: file.name, up: file });
      else findings.push(twice(other.up, file));
    }
  }
  for (const file of files) {
    if (file.role === 'up') continue;
    const known = [groups.get(file.version), groups.get(`${file.version} replaced`)];
    const group = known.find((one) => one?.name === file.name || convention.byVersion === true);
    if (group === undefined) {
      if (!isOfTwin(file, files)) findings.push(orphan(file, known[0] ?? known[1]));
      continue;
    }
    const other = group[file.role];
    if (other === undefined) group[file.role] = file;
    else findings.push(twice(other, file));
  }
  return [...groups.values()].sort((a, b) => compareVersions(a.version, b.version));
}

/** A companion of the second of two files with one version: reporting the two is enough. */
function isOfTwin(file: NamedFile, files: readonly NamedFile[]): boolean {
  return files.some((one) => one.role === 'up' && one.version === file.version && one.name === file.name);
}

function twice(first: NamedFile, second: NamedFile): Finding {
  return fault('migration-twice', {
    why: `${first.file} and ${second.file} both have version ${first.version}.`,
    where: { file: second.file },
  });
}

/** A tool that orders its files otherwise would run them in another order than their versions say. */
function judgeOrder(groups: readonly FileGroup[], { order, layout }: Convention): readonly Finding[] {
  if (order === undefined) return [];
  const at = groups.findIndex(({ up }, index) => {
    const next = groups[index + 1]?.up;
    return next !== undefined && order(up.entry.name, next.entry.name) > 0;
  });
  const [before, after] = groups.slice(at, at + 2);
  if (at < 0 || before === undefined || after === undefined) return [];
  const title = layout === 'native' ? layout : toolTitles[layout];
  const why = `${title} runs ${after.up.file} before ${before.up.file}; by their versions, ${before.version} and ${after.version}, it is the other way round.`;
  const fix = 'Give all versions the same number of digits.';
  return [fault('foreign-layout', { why, fix, where: { file: after.up.file } })];
}

function orphan(file: NamedFile, group: FileGroup | undefined): Finding {
  const expected = `${file.entry.name.replace(/\.(?:down|verify)\.sql$/, '')}.sql`;
  const near = group === undefined ? '' : ` Version ${file.version} is ${group.up.file}.`;
  return fault('migration-orphan', {
    why: `${file.file} belongs to ${expected}, which does not exist.${near}`,
    where: { file: file.file },
  });
}
