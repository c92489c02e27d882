import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { decodeUtf8 } from '../../../sql/encoding.ts';
import type { Folder, FolderEntry } from '../../contract/ports.ts';
import { readFileName, type FileName } from '../file-name.ts';
import { pathIn } from '../read-script-file.ts';
import { layOutFolders, type LaidOut } from './in-folders.ts';

interface JournalEntry {
  readonly tag: string;
  readonly when: number;
}

const journalName = 'meta/_journal.json';

/** Drizzle's files in the order of its journal; newer versions have a folder for each migration, and no journal. */
export async function layOutDrizzle(folder: Folder, entries: readonly FolderEntry[]): Promise<Outcome<LaidOut>> {
  if (!(await hasJournal(folder, entries))) return await layOutFolders('drizzle', folder, entries);
  const journal = await readJournal(folder);
  if (!journal.ok) return journal;
  const listed = new Map(journal.value.map((entry, at) => [`${entry.tag}.sql`, { ...entry, at }]));
  const present = new Set(entries.map(({ name }) => name));
  const findings = [...listed].flatMap(([name, { tag }]): readonly Finding[] => {
    if (!present.has(name)) return [refuse(folder, `It lists ${tag}, but there is no file ${name}.`)];
    const why = `It lists ${tag}, whose name does not begin with a version.`;
    return readFileName(name).kind === 'script' ? [] : [refuse(folder, why)];
  });
  if (findings.length > 0) return err(...findings);
  return ok({
    entries,
    convention: {
      layout: 'drizzle',
      nameOf: (path) => nameOf(path, listed),
      order: (a, b) => (listed.get(a)?.at ?? 0) - (listed.get(b)?.at ?? 0),
      knownAs: (path) => String(listed.get(path)?.when ?? path),
    },
  });
}

async function hasJournal(folder: Folder, entries: readonly FolderEntry[]): Promise<boolean> {
  const meta = entries.find(({ name, type, outside }) => name === 'meta' && type === 'folder' && !outside);
  if (meta === undefined) return false;
  const inner = await folder.inner('meta').list();
  return (
    inner.ok && inner.value.some(({ name, type, outside }) => name === '_journal.json' && type === 'file' && !outside)
  );
}

/** A file that the journal does not list is none of the tool's, unless it is a companion of one that is. */
function nameOf(path: string, listed: ReadonlyMap<string, unknown>): FileName {
  const named = readFileName(path);
  if (named.kind === 'other' || listed.has(path)) return named;
  if (named.kind === 'script' && named.role !== 'up') return named;
  const why = `${path} is not in ${journalName}, and Drizzle does not run it.`;
  return {
    kind: 'foreign',
    why,
    fix: 'Make a migration with `npx drizzle-kit generate --custom`, or move the file elsewhere.',
  };
}

async function readJournal(folder: Folder): Promise<Outcome<readonly JournalEntry[]>> {
  const source = await folder.open(journalName);
  let content: unknown;
  try {
    content = JSON.parse(decodeUtf8(await source.read(0, source.size)));
  } catch {
    return err(refuse(folder, 'It is not JSON.'));
  }
  const { dialect, entries } = content as { readonly dialect?: unknown; readonly entries?: unknown };
  // Older versions of Drizzle write `pg`.
  if (dialect !== undefined && dialect !== 'postgresql' && dialect !== 'pg')
    return err(refuse(folder, `Its migrations were written for ${JSON.stringify(dialect)}, not for PostgreSQL.`));
  if (!Array.isArray(entries) || !entries.every(isEntry)) return err(refuse(folder, 'It lists no migrations.'));
  return ok(entries);
}

function isEntry(value: unknown): value is JournalEntry {
  const { tag, when } = (value ?? {}) as { readonly tag?: unknown; readonly when?: unknown };
  return typeof tag === 'string' && typeof when === 'number';
}

function refuse(folder: Folder, why: string): Finding {
  const fix = 'Restore the journal and its files as `drizzle-kit generate` wrote them.';
  return fault('foreign-layout', { why, fix, where: { file: pathIn(folder, journalName) } });
}
