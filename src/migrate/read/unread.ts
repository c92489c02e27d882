import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { Folder } from '../contract/ports.ts';
import type { Layout } from '../contract/tool.ts';
import type { FolderNames } from './layouts/by-names.ts';
import { pathIn } from './read-script-file.ts';

/** What was read of a folder, and in which layout. */
interface Read {
  readonly layout: Layout;
  readonly migrations: readonly { readonly up: { readonly file: string } }[];
}

/** SQL that lies in a folder, or beside it, and is not read; a folder without any migration. */
export async function unreadIn(
  folder: Folder,
  names: FolderNames,
  { layout, migrations }: Read,
): Promise<readonly Finding[]> {
  const read = new Set(migrations.map(({ up }) => up.file));
  const unread = [...names.folders].flatMap(([name, files]) => {
    const sql = files.filter((file) => file.endsWith('.sql'));
    return sql.length === 0 || sql.some((file) => read.has(pathIn(folder, `${name}/${file}`)))
      ? []
      : [`${pathIn(folder, name)} (${sql.length === 1 ? '1 file' : `${sql.length} files`})`];
  });
  if (migrations.length === 0) return [unread.length === 0 ? empty(folder) : nothingButFolders(folder, unread)];
  return [
    ...(unread.length === 0 ? [] : [inFolders(folder, unread)]),
    ...(layout === 'supabase' ? await besideSupabase(folder) : []),
  ];
}

const mostNamed = 3;

function listed(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return `${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function empty({ label }: Folder): Finding {
  return fault('folder-empty', { why: `${label} holds no migration.`, where: { file: label } });
}

function nothingButFolders({ label }: Folder, unread: readonly string[]): Finding {
  return fault('folder-unread', {
    severity: 'error',
    why: `${label} itself holds no migration, only folders with SQL files: ${listed(unread)}.`,
    fix: 'Name the folder that holds the migrations in the configuration: `"migrations": "…"`.',
    where: { file: label },
  });
}

function inFolders({ label }: Folder, unread: readonly string[]): Finding {
  return fault('folder-unread', { why: `SQL files in ${listed(unread)} are not read.`, where: { file: label } });
}

/** What Supabase runs besides migrations: `seed.sql` after a reset of the local database, roles before it. */
async function besideSupabase(folder: Folder): Promise<readonly Finding[]> {
  const present = new Set(await folder.around());
  const parent = folder.label.split('/').slice(0, -1).join('/');
  return ['seed.sql', 'roles.sql']
    .filter((name) => present.has(`../${name}`))
    .map((name) => {
      const file = `${parent}/${name}`;
      const why = `Supabase runs ${file} besides the migrations; Godwit does not.`;
      return fault('folder-unread', { why, fix: `To run it once: \`godwit up --file ${file}\`.`, where: { file } });
    });
}
