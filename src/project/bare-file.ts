import { existsSync } from 'node:fs';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Project } from './open.ts';

/** The folders of a project. */
type Places = Pick<Project, 'root' | 'migrations'>;

/**
 * Finds the file that `--file` names: as typed, else by its path in the repository or in a container, where the same
 * file is called `backend/migrations/x.sql` or `/app/migrations/x.sql`. In that case only places inside the project are
 * tried, and the file that is found comes with a note.
 *
 * @param file - as typed, relative to `cwd`.
 * @returns the absolute path of the file, or `file-unreadable` with the places that were tried.
 */
export function findBareFile(
  { root, migrations }: Places,
  cwd: string,
  file: string,
): Outcome<{ readonly path: string; readonly findings: readonly Finding[] }> {
  const typed = resolve(cwd, file);
  if (existsSync(typed)) return ok({ path: typed, findings: [] });
  const bases = foldersAbove(migrations.path, root);
  const names = [file, ...withoutFirst(file, new Set(['app', ...bases.map((base) => basename(base))]))];
  const tried = new Set(
    names.flatMap((name) => bases.map((base) => resolve(base, name))).filter((path) => path.startsWith(root + sep)),
  );
  tried.delete(typed);
  const path = [...tried].find((candidate) => existsSync(candidate));
  const shown = (place: string): string => relative(root, place).replaceAll('\\', '/');
  if (path !== undefined) {
    const why = `${file} is not in the current directory; using ${shown(path)} from the project.`;
    return ok({ path, findings: [fault('file-found-elsewhere', { why, where: { file: shown(path) } })] });
  }
  const also = [...tried].map((place) => shown(place)).filter((place) => place !== file);
  return err(
    fault('file-unreadable', {
      why: `There is no file ${file}${also.length === 0 ? '' : `, nor ${also.join(', ')}`}.`,
      fix: 'Give the path relative to the current directory, or to the folder of the configuration.',
      where: { file },
    }),
  );
}

/** The root of the project, and the folders between it and the migrations: a container may contain any of them. */
function foldersAbove(path: string, root: string): readonly string[] {
  const above = dirname(path);
  return above === root || !above.startsWith(root + sep) ? [root] : [...foldersAbove(above, root), above];
}

/** `/app/migrations/x.sql` and `backend/migrations/x.sql` without their first folder, if it is one of these. */
function withoutFirst(file: string, folders: ReadonlySet<string>): readonly string[] {
  const [first = '', ...rest] = file.split('/').filter((part) => part !== '' && part !== '.');
  return rest.length > 0 && folders.has(first) ? [rest.join('/')] : [];
}
