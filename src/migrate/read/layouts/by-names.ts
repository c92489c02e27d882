import type { Tool } from '../../contract/tool.ts';

/** Which tool made a folder, and what shows it. */
export interface Detection {
  readonly tool: Tool;
  /** For people: `V1__init.sql`, `atlas.sum`. */
  readonly because: string;
}

/** What a folder consists of, by names alone. */
export interface FolderNames {
  /** The folder's name relative to the project. */
  readonly label: string;
  readonly files: readonly string[];
  /** Names of its folders, each with the names of the files in it. */
  readonly folders: ReadonlyMap<string, readonly string[]>;
}

interface Sign {
  readonly tool: Tool;
  readonly file: RegExp;
}

/** Names that only one tool gives to its files. */
const fileSigns: readonly Sign[] = [
  { tool: 'atlas', file: /^atlas\.sum$/ },
  { tool: 'prisma', file: /^migration_lock\.toml$/ },
  { tool: 'sqitch', file: /^sqitch\.(?:plan|conf)$/ },
  { tool: 'alembic', file: /^(?:alembic\.ini|script\.py\.mako)$/ },
  { tool: 'liquibase', file: /change-?log.*\.(?:xml|ya?ml|json)$/i },
  { tool: 'flyway', file: /^(?:[VU]\d+(?:[._]\d+)*__.+|B\d+(?:[._]\d+)*__.+|R__.+)\.sql$/ },
  { tool: 'flyway', file: /^(?:[VU]\d+(?:_\d+)*|R)__\w+\.(?:java|kt|class)$/ },
  { tool: 'golang-migrate', file: /^\d+_.*\.up\.sql$/ },
  { tool: 'rails', file: /^\d{3,14}_\w+\.rb$/ },
  { tool: 'goose', file: /^\d+_\w+\.go$/ },
  { tool: 'alembic', file: /^(?:[0-9a-f]{12}|\d{4,})[_-]\w+\.py$/ },
  { tool: 'typeorm', file: /^\d{13}-\w+\.[cm]?[jt]s$/ },
  { tool: 'knex', file: /^\d{14}_[\w-]+\.[cm]?[jt]s$/ },
  { tool: 'node-pg-migrate', file: /^\d{13}_[\w-]+\.[cm]?[jt]s$/ },
];

/** What most files are called, and no sign fits. */
const plainName = /^\d+_[\w-]+(?:\.(?:down|verify))?\.sql$/;

/** The tools that names of files and folders show, each once, with the first name that shows it. */
export function toolsByNames({ label, files, folders }: FolderNames): readonly Detection[] {
  const found = new Map<Tool, string>();
  const note = (tool: Tool, because: string): void => {
    if (!found.has(tool)) found.set(tool, because);
  };
  for (const name of files.toSorted()) {
    if (plainName.test(name)) continue;
    for (const { tool, file } of fileSigns) if (file.test(name)) note(tool, name);
  }
  for (const [folder, inside] of [...folders].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (folder === 'meta' && inside.includes('_journal.json')) note('drizzle', 'meta/_journal.json');
    if (folder === 'versions' && inside.some((name) => name.endsWith('.py'))) note('alembic', 'versions/');
    if (!inside.includes('migration.sql')) continue;
    if (inside.includes('snapshot.json')) note('drizzle', `${folder}/snapshot.json`);
    else if (!found.has('drizzle')) note('prisma', `${folder}/migration.sql`);
  }
  if (found.size === 0 && /(?:^|\/)supabase\/migrations$/.test(label)) note('supabase', label);
  // Atlas writes its own checksums beside the files of other tools as well.
  if (found.size > 1) found.delete('atlas');
  return [...found].map(([tool, because]) => ({ tool, because }));
}

/** What lies beside a folder whose own files tell nothing. */
const aroundSigns: readonly Sign[] = [
  { tool: 'sqitch', file: /^sqitch\.(?:plan|conf)$/ },
  { tool: 'flyway', file: /^flyway\.(?:toml|conf)$/ },
  { tool: 'alembic', file: /^(?:alembic\.ini|script\.py\.mako)$/ },
  { tool: 'prisma', file: /^schema\.prisma$/ },
  { tool: 'drizzle', file: /^drizzle\.config\.\w+$/ },
  { tool: 'rails', file: /^(?:Gemfile|config\.ru)$/ },
  { tool: 'knex', file: /^knexfile\.\w+$/ },
  { tool: 'typeorm', file: /^(?:ormconfig\.\w+|data-source\.[jt]s)$/ },
  { tool: 'liquibase', file: /^liquibase\.properties$|change-?log.*\.(?:xml|ya?ml|json)$/i },
  { tool: 'sql-migrate', file: /^dbconfig\.yml$/ },
  { tool: 'atlas', file: /^atlas\.hcl$/ },
];

/**
 * The tool whose configuration lies around a folder, the nearest one first: a hint for a folder that cannot be read,
 * and no more than that.
 *
 * @param around from `Folder.around`
 */
export function toolAround(around: readonly string[]): Detection | undefined {
  for (const path of around) {
    const name = path.split('/').at(-1) ?? path;
    const sign = aroundSigns.find(({ file }) => file.test(name));
    if (sign !== undefined) return { tool: sign.tool, because: path };
  }
  return undefined;
}
