import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { decodeUtf8 } from '../../../sql/encoding.ts';
import type { Folder, FolderEntry } from '../../contract/ports.ts';
import { toolTitles } from '../../contract/tool.ts';
import type { Convention } from '../convention.ts';
import { canonicalVersion, kindOfName, type FileName } from '../file-name.ts';
import { pathIn } from '../read-script-file.ts';
import { byLetters } from './order.ts';

/** The files of a folder, and the convention to read them by. */
export interface LaidOut {
  readonly entries: readonly FolderEntry[];
  readonly convention: Convention;
}

/** A folder for each migration, with `migration.sql` in it: the layout of Prisma, and of newer versions of Drizzle. */
export async function layOutFolders(
  tool: 'prisma' | 'drizzle',
  folder: Folder,
  entries: readonly FolderEntry[],
): Promise<Outcome<LaidOut>> {
  const files: FolderEntry[] = [];
  const findings: Finding[] = [...(await judgeProvider(folder, entries))];
  for (const entry of entries) {
    if (entry.type !== 'folder' || entry.name.startsWith('.')) files.push(entry);
    else if (entry.outside) findings.push(fault('migration-outside', { where: { file: pathIn(folder, entry.name) } }));
    else if (entry.name !== 'meta') {
      const inner = await folder.inner(entry.name).list();
      if (!inner.ok) return inner;
      const own = inner.value.filter(({ name }) => ownFiles.has(name));
      if (!own.some(({ name }) => name === 'migration.sql')) findings.push(withoutFile(tool, folder, entry.name));
      files.push(...own.map((one) => ({ ...one, name: `${entry.name}/${one.name}` })));
    }
  }
  if (findings.length > 0) return err(...findings);
  const convention: Convention = {
    layout: tool,
    order: byLetters,
    sharesVersions: true,
    nameOf: (path) => nameOf(tool, path),
    knownAs: (path) => path.split('/')[0] ?? path,
  };
  return ok({ entries: files, convention });
}

const ownFiles: ReadonlyMap<string, 'up' | 'down' | 'verify'> = new Map([
  ['migration.sql', 'up'],
  ['down.sql', 'down'],
  ['verify.sql', 'verify'],
]);

function nameOf(tool: 'prisma' | 'drizzle', path: string): FileName {
  const [name = '', file] = path.split('/');
  const role = file === undefined ? undefined : ownFiles.get(file);
  if (role === undefined) {
    if (kindOfName(path) === 'other') return { kind: 'other' };
    const why = `${path} is next to the folders of ${toolTitles[tool]}’s migrations, and ${toolTitles[tool]} does not run it.`;
    return { kind: 'foreign', why, fix: 'Put it into a folder as its migration.sql, or move it elsewhere.' };
  }
  if (kindOfName(`${name}.sql`, 'spaces') !== 'sql') return { kind: 'odd' };
  const [, digits, rest] = /^(\d+)(?:[_-](.+))?$/.exec(name) ?? [];
  if (digits !== undefined)
    return { kind: 'script', role, version: canonicalVersion(wholeTime(digits)), name: rest ?? digits };
  const why = `The name of the folder ${name} does not begin with a version in digits.`;
  return { kind: 'foreign', why, fix: 'Rename it, such as 20240101000000_NAME.' };
}

/**
 * A date without time comes after all times of its day, because in a sorted list `_` follows the digits. With nines it
 * does so as a number too.
 */
function wholeTime(digits: string): string {
  return /^(?:19|20)\d{6,11}$/.test(digits) ? digits.padEnd(14, '9') : digits;
}

function withoutFile(tool: 'prisma' | 'drizzle', folder: Folder, name: string): Finding {
  const why = `${pathIn(folder, name)} has no migration.sql, which ${toolTitles[tool]} expects in it.`;
  return fault('foreign-layout', {
    why,
    fix: 'Bring the file back, or remove the folder.',
    where: { file: pathIn(folder, name) },
  });
}

/** Prisma notes for which database its migrations were written. */
async function judgeProvider(folder: Folder, entries: readonly FolderEntry[]): Promise<readonly Finding[]> {
  const name = 'migration_lock.toml';
  if (!entries.some((entry) => entry.name === name && entry.type === 'file' && !entry.outside)) return [];
  const source = await folder.open(name);
  const provider = /^\s*provider\s*=\s*"([^"]*)"/m.exec(decodeUtf8(await source.read(0, source.size)))?.[1];
  if (provider === undefined || provider === 'postgresql') return [];
  const why = `By ${name}, these migrations were written for ${provider}, not for PostgreSQL.`;
  return [
    fault('foreign-layout', {
      why,
      fix: 'Name the folder of the migrations for PostgreSQL.',
      where: { file: pathIn(folder, name) },
    }),
  ];
}
