import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { decodeUtf8 } from '../../sql/encoding.ts';
import type { Replaces } from '../../sql/replaces.ts';
import type { Migration, Role, ScriptFile } from '../contract/model.ts';
import type { Folder, FolderEntry, Hashing } from '../contract/ports.ts';
import { checksumOf, openBody, sectionOf } from './checksum.ts';
import type { Convention, DividedSection } from './convention.ts';
import { findMark, type ToolMark } from './layouts/marks.ts';
import { readScriptFile, readSmallScript } from './read-script-file.ts';
import { replacesOf } from './replaces-of.ts';

/** A file that may be read. */
export interface NamedFile {
  readonly entry: FolderEntry;
  readonly file: string;
  readonly role: Role;
  readonly version: string;
  readonly name: string;
}

/** A folder and the convention of its files. */
export interface FilesSource {
  readonly folder: Folder;
  /** Their names may be paths of files in inner folders. */
  readonly entries: readonly FolderEntry[];
  readonly hashing: Hashing;
  readonly convention: Convention;
}

/** The files of one migration. */
export interface FileGroup {
  readonly version: string;
  readonly name: string;
  readonly up: NamedFile;
  down?: NamedFile;
  verify?: NamedFile;
}

/** Files read at once: enough to keep a disk busy, few enough for the limit of open files. */
const atOnce = 64;

interface MarkedSource extends FilesSource {
  readonly marks: Map<string, ToolMark>;
}

/** Reads and hashes the files of migrations, in the order of the groups. */
export async function readGroups(
  source: MarkedSource,
  groups: readonly FileGroup[],
): Promise<Outcome<readonly Migration[]>> {
  const migrations: Migration[] = [];
  const findings: Finding[] = [];
  for (let from = 0; from < groups.length; from += atOnce) {
    const batch = groups.slice(from, from + atOnce);
    const small = batch.map((group) => readSmallGroup(source, group));
    const others = batch.filter((_, at) => small[at] === undefined);
    const opened = await Promise.all(others.map((group) => readGroup(source, group)));
    let next = 0;
    for (const migration of small) {
      const one = migration === undefined ? opened[next++] : undefined;
      if (migration !== undefined) migrations.push(migration);
      else if (one?.ok === true) migrations.push(one.value);
      else findings.push(...(one?.findings ?? []));
    }
  }
  return findings.length === 0 ? ok(migrations) : err(...findings);
}

/** The migration, read at once; undefined: one of its files has to be opened. */
function readSmallGroup(source: MarkedSource, group: FileGroup): Migration | undefined {
  const { folder, hashing, convention } = source;
  if (convention.divide !== undefined || convention.manner !== undefined) return undefined;
  let replaces: Replaces | undefined;
  const scripts: Partial<Record<Role, ScriptFile>> = {};
  for (const role of roles) {
    const named = group[role];
    if (named === undefined) continue;
    const { entry, file } = named;
    const read = readSmallScript(folder, { name: entry.name, file }, hashing, (head) => {
      const text = lookForMark(source, entry.name, head);
      if (role === 'up') replaces = replacesOf(head, text);
    });
    if (read === undefined) return undefined;
    scripts[role] = read;
  }
  const { up, ...companions } = scripts;
  return up === undefined ? undefined : migrationOf(source, group, { up, ...companions }, replaces);
}

async function readGroup(source: MarkedSource, group: FileGroup): Promise<Outcome<Migration>> {
  let replaces: Replaces | undefined;
  const { divide } = source.convention;
  const scripts: Partial<Record<Role, ScriptFile>> = {};
  for (const role of roles) {
    const named = group[role];
    if (named === undefined) continue;
    const read = await readScript(source, named, (head, text) => {
      if (role === 'up') replaces = replacesOf(head, text);
    });
    if (!read.ok) return read;
    scripts[role] = read.value;
  }
  const { up, ...companions } = scripts;
  if (up === undefined) throw new Error(`version ${group.version} has no file`);
  const divided = divide === undefined ? ok({ up }) : await divideScript(source, divide, group.up, up);
  if (!divided.ok) return divided;
  return ok(migrationOf(source, group, { ...divided.value, ...companions }, replaces));
}

function migrationOf(
  { convention: { knownAs } }: MarkedSource,
  { version, name, up }: FileGroup,
  scripts: Pick<Migration, Role>,
  replaces: Replaces | undefined,
): Migration {
  return {
    id: version,
    name,
    ...scripts,
    ...(replaces === undefined ? {} : { replaces }),
    ...(knownAs === undefined ? {} : { knownAs: knownAs(up.entry.name, version) }),
  };
}

const roles: readonly Role[] = ['up', 'down', 'verify'];

/** Looks for marks in the bytes that are hashed anyway; returns them as text. */
function lookForMark({ marks, convention }: MarkedSource, name: string, head: Uint8Array): string {
  const text = decodeUtf8(head);
  const mark = convention.layout === 'native' ? findMark(head, text) : undefined;
  if (mark !== undefined) marks.set(name, mark);
  return text;
}

async function readScript(
  source: MarkedSource,
  { entry: { name }, file }: NamedFile,
  onHead: (bytes: Uint8Array, text: string) => void,
): Promise<Outcome<ScriptFile>> {
  const { folder, hashing, convention } = source;
  const read = await readScriptFile(folder, { name, file }, hashing, (head) => {
    onHead(head, lookForMark(source, name, head));
  });
  if (!read.ok || convention.manner === undefined) return read;
  const manner = await convention.manner(name, file, (await openBody(await folder.open(name))).source);
  if (manner.findings.length > 0) return err(...manner.findings);
  return manner.transaction === undefined ? read : ok({ ...read.value, transaction: manner.transaction });
}

/** The two directions of a file that holds both; each with the checksum of its own bytes. */
async function divideScript(
  { folder, hashing }: MarkedSource,
  divide: NonNullable<Convention['divide']>,
  { entry: { name }, file }: NamedFile,
  whole: ScriptFile,
): Promise<Outcome<{ readonly up: ScriptFile; readonly down?: ScriptFile }>> {
  const { source } = await openBody(await folder.open(name));
  const divided = await divide(source, file);
  if (!divided.ok) return divided;
  const scriptOf = async ({ transaction, ...section }: DividedSection): Promise<ScriptFile> => ({
    file,
    checksum: await checksumOf(sectionOf(source, section), hashing),
    size: section.end - section.start,
    section,
    ...(transaction === undefined ? {} : { transaction }),
  });
  const { up, down } = divided.value;
  return ok({
    up: up === undefined ? whole : await scriptOf(up),
    ...(down === undefined ? {} : { down: await scriptOf(down) }),
  });
}
