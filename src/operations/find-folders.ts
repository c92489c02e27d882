import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openFolder } from '../adapters/files/folder.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import type { Finding } from '../kit/finding.ts';
import { isLayout, type Layout } from '../migrate/contract/tool.ts';
import { toolsByNames } from '../migrate/read/layouts/by-names.ts';
import { namesIn } from '../migrate/read/layouts/detect.ts';
import { refuseFolder } from '../migrate/read/layouts/refusal.ts';
import { readFolder } from '../migrate/read/read-folder.ts';

/** A folder of migrations that a project has already. */
export interface FoundFolder {
  /** Relative to the project, with `/` as separator. */
  readonly path: string;
  /** How it is read; absent: it is not. */
  readonly layout?: Layout;
  readonly migrations: number;
  /** True: it is another tool's, and cannot be read. */
  readonly foreign: boolean;
  /** Why it is not read. */
  readonly findings: readonly Finding[];
}

/** Where the tools keep migrations unless their settings say otherwise. */
const usualFolders: readonly string[] = [
  'migrations',
  'db/migrations',
  'prisma/migrations',
  'drizzle',
  'supabase/migrations',
  'db/migrate',
  'database/migrations',
  'sql/migrations',
  'sql',
  'deploy',
  'alembic/versions',
  'migrations/versions',
  'src/main/resources/db/migration',
  'src/main/resources/db/changelog',
  'src/migrations',
  'src/db/migrations',
  'src/migration',
];

/** Looks for folders of migrations where tools usually keep them. A folder in which nothing is one is left out. */
export async function findFolders(root: string): Promise<readonly FoundFolder[]> {
  const found: FoundFolder[] = [];
  for (const path of usualFolders) {
    const folder = existsSync(join(root, path)) ? await lookInto(root, path) : undefined;
    if (folder !== undefined) found.push(folder);
  }
  const beside = await toolInRoot(root);
  if (beside !== undefined && !found.some(({ foreign }) => foreign)) found.push(beside);
  // `migrations/versions` is a part of Alembic's folder `migrations`.
  return found.filter(({ path }) => !found.some((other) => path.startsWith(`${other.path}/`)));
}

/** A tool whose settings are in the project's own folder, and whose migrations cannot be read wherever they are. */
async function toolInRoot(root: string): Promise<FoundFolder | undefined> {
  const folder = openFolder(root, '.');
  const listed = await folder.list();
  if (!listed.ok) return undefined;
  const [detection] = toolsByNames(await namesIn(folder, listed.value)).filter(({ tool }) => !isLayout(tool));
  if (detection === undefined) return undefined;
  const findings = [refuseFolder(detection, { file: detection.because })];
  return { path: '.', migrations: 0, foreign: true, findings };
}

/** What a folder holds; undefined: no migrations. */
export async function lookInto(root: string, path: string): Promise<FoundFolder | undefined> {
  const read = await readFolder(openFolder(join(root, path), path), nodeHashing);
  if (!read.ok) {
    const foreign = read.findings.some(({ code }) => code === 'foreign-layout');
    // Elsewhere, such files are no migrations.
    const isMeant = foreign || path.endsWith('migrations');
    return isMeant ? { path, migrations: 0, foreign, findings: read.findings } : undefined;
  }
  const { layout, migrations } = read.value;
  return migrations.length === 0
    ? undefined
    : { path, layout, migrations: migrations.length, foreign: false, findings: [] };
}
