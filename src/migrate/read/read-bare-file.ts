import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Migration, ScriptFile } from '../contract/model.ts';
import type { Folder, FolderEntry, Hashing } from '../contract/ports.ts';
import type { Tool } from '../contract/tool.ts';
import { findMark, type ToolMark } from './layouts/marks.ts';
import { refuseBareFile } from './layouts/refusal.ts';
import { pathIn, readScriptFile, visible } from './read-script-file.ts';

/** What the name of a standalone script says: which migration it belongs to, and whether it is the way back. */
export interface BareName {
  /** `file:<name>` */
  readonly id: string;
  readonly name: string;
  /** True for `rollback_<name>.sql`: applying it undoes `<name>.sql`. */
  readonly undoes: boolean;
}

/**
 * Reads the name of a standalone script.
 * @param path Its name, with or without folders before it.
 */
export function readBareName(path: string): BareName {
  const fileName = path.split(/[/\\]/).at(-1) ?? path;
  const [, undone] = /^rollback_(.+)\.sql$/.exec(fileName) ?? [];
  const name = undone ?? fileName.replace(/\.sql$/, '');
  return { id: `file:${name}`, name, undoes: undone !== undefined };
}

/**
 * Reads one file outside the ordered layout, with its companions `rollback_<name>.sql` and `<name>.verify.sql` in the
 * same folder. Its id is `file:<name>`, the name being that of the file without `.sql`.
 * @param folder The folder that holds it.
 * @param fileName Its name in the folder: `add_dual_modality.sql`, or that of its way back.
 */
export async function readBareFile(folder: Folder, fileName: string, hashing: Hashing): Promise<Outcome<Migration>> {
  const listed = await folder.list();
  if (!listed.ok) return listed;
  const entries = new Map(listed.value.map((entry) => [entry.name, entry]));
  const { id, name, undoes } = readBareName(fileName);
  const upName = undoes ? `${name}.sql` : fileName;
  if (undoes && entries.has(fileName) && !entries.has(upName)) return err(withoutUp(folder, fileName, upName));
  const up = await readOne(folder, entries.get(upName), upName, hashing);
  if (!up.ok) return up;
  const down = await readCompanion(folder, entries, [`rollback_${name}.sql`, `${name}.down.sql`], hashing);
  if (!down.ok) return down;
  const verify = await readCompanion(folder, entries, [`${name}.verify.sql`], hashing);
  if (!verify.ok) return verify;
  return ok({
    id,
    name,
    up: up.value,
    ...(down.value === undefined ? {} : { down: down.value }),
    ...(verify.value === undefined ? {} : { verify: verify.value }),
  });
}

function withoutUp(folder: Folder, fileName: string, upName: string): ReturnType<typeof fault> {
  return fault('file-unreadable', {
    where: { file: pathIn(folder, fileName) },
    why: `By its name, the file undoes ${upName}, which is not next to it, so godwit cannot tell what must be gone afterwards.`,
    fix: `Bring ${upName} back. If the file does not undo anything, rename it.`,
  });
}

async function readOne(
  folder: Folder,
  entry: FolderEntry | undefined,
  name: string,
  hashing: Hashing,
): Promise<Outcome<ScriptFile>> {
  const file = pathIn(folder, name);
  const where = { file: visible(file) };
  if (entry === undefined) return err(fault('file-unreadable', { why: `There is no file ${where.file}.`, where }));
  if (!/^[A-Za-z0-9._-]+\.sql$/.test(name)) {
    return err(
      fault('migration-odd-name', { why: `The name ${JSON.stringify(visible(name))} cannot be used.`, where }),
    );
  }
  if (entry.outside) return err(fault('migration-outside', { where }));
  if (entry.type !== 'file') return err(fault('migration-not-a-file', { why: `${file} is not a file.`, where }));
  let mark: ToolMark | undefined;
  const read = await readScriptFile(folder, { name, file }, hashing, (head) => {
    mark = findMark(head);
  });
  return read.ok && mark !== undefined && holdsMore.has(mark.tool) ? err(refuseBareFile(mark, file)) : read;
}

/** Tools whose files hold more than one way, or more than SQL: none of them is one script. */
const holdsMore: ReadonlySet<Tool> = new Set(['dbmate', 'goose', 'sql-migrate', 'node-pg-migrate', 'liquibase']);

async function readCompanion(
  folder: Folder,
  entries: ReadonlyMap<string, FolderEntry>,
  names: readonly string[],
  hashing: Hashing,
): Promise<Outcome<ScriptFile | undefined>> {
  for (const name of names) {
    const entry = entries.get(name);
    if (entry !== undefined) return readOne(folder, entry, name, hashing);
  }
  return ok(undefined);
}
