import { ok, type Outcome } from '../../../kit/outcome.ts';
import type { Folder, FolderEntry } from '../../contract/ports.ts';
import type { Layout } from '../../contract/tool.ts';
import { nativeConvention } from '../convention.ts';
import { readFileName } from '../file-name.ts';
import { atlasConvention } from './atlas.ts';
import { layOutDrizzle } from './drizzle.ts';
import { flywayConvention } from './flyway.ts';
import { golangMigrateConvention } from './golang-migrate.ts';
import { layOutFolders, type LaidOut } from './in-folders.ts';
import { sectionConvention } from './in-sections.ts';
import { byLetters } from './order.ts';

/** The files of a folder by the convention of its layout. */
export async function layOut(
  layout: Layout,
  folder: Folder,
  entries: readonly FolderEntry[],
): Promise<Outcome<LaidOut>> {
  switch (layout) {
    case 'native':
      return ok({ entries, convention: nativeConvention });
    case 'dbmate':
    case 'goose':
    case 'sql-migrate':
    case 'node-pg-migrate':
      return ok({ entries, convention: sectionConvention(layout) });
    case 'golang-migrate':
      return ok({ entries, convention: golangMigrateConvention });
    case 'flyway':
      return ok({ entries, convention: await flywayConvention(folder, entries) });
    case 'atlas':
      return ok({ entries, convention: atlasConvention });
    case 'supabase':
      return ok({
        entries,
        convention: {
          layout,
          nameOf: readFileName,
          order: byLetters,
          knownAs: (path) => /^\d+/.exec(path)?.[0] ?? path,
        },
      });
    case 'prisma':
      return await layOutFolders(layout, folder, entries);
    case 'drizzle':
      return await layOutDrizzle(folder, entries);
  }
}
