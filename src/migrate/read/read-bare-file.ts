import { fault } from '../../kit/fault.ts';
import { bad, good, type Outcome } from '../../kit/outcome.ts';
import type { Migration, ScriptFile } from '../model.ts';
import type { Folder, FolderEntry, Hashing } from '../ports.ts';
import { readScriptFile } from './read-folder.ts';

/**
 * Reads one file that belongs to no ordered layout, with its companions `rollback_<name>.sql` and `<name>.verify.sql`
 * in the same folder. Its id is `file:<name>`, the name being that of the file without `.sql`.
 * @param folder The folder that holds it.
 * @param fileName Its name in the folder: `add_dual_modality.sql`.
 */
export async function readBareFile(folder: Folder, fileName: string, hashing: Hashing): Promise<Outcome<Migration>> {
  const listed = await folder.list();
  if (!listed.ok) return listed;
  const entries = new Map(listed.value.map((entry) => [entry.name, entry]));
  const up = await readOne(folder, entries.get(fileName), fileName, hashing);
  if (!up.ok) return up;
  const name = fileName.replace(/\.sql$/, '');
  const down = await readCompanion(folder, entries, [`rollback_${name}.sql`, `${name}.down.sql`], hashing);
  if (!down.ok) return down;
  const verify = await readCompanion(folder, entries, [`${name}.verify.sql`], hashing);
  if (!verify.ok) return verify;
  return good({
    id: `file:${name}`,
    name,
    up: up.value,
    ...(down.value === undefined ? {} : { down: down.value }),
    ...(verify.value === undefined ? {} : { verify: verify.value }),
  });
}

async function readOne(
  folder: Folder,
  entry: FolderEntry | undefined,
  name: string,
  hashing: Hashing,
): Promise<Outcome<ScriptFile>> {
  const file = folder.label === '' ? name : `${folder.label}/${name}`;
  const where = { file };
  if (entry === undefined) return bad(fault('file-unreadable', { why: `There is no file ${file}.`, where }));
  if (!/^[A-Za-z0-9._-]+\.sql$/.test(name)) {
    return bad(fault('migration-odd-name', { why: `The name ${JSON.stringify(name)} cannot be used.`, where }));
  }
  if (entry.outside) return bad(fault('migration-outside', { where }));
  if (entry.type !== 'file') return bad(fault('migration-not-a-file', { why: `${file} is not a file.`, where }));
  return readScriptFile(folder, name, file, hashing);
}

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
  return good(undefined);
}
