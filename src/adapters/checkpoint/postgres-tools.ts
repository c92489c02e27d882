import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';

/** PostgreSQL's own programs for dumps, of one version. */
export interface DumpTools {
  readonly dump: string;
  readonly restore: string;
  readonly major: number;
}

/** The outcome when no suitable programs were found. */
export interface NoTools {
  /** The majors of the programs that exist; all are older than the server. */
  readonly older: readonly number[];
}

/**
 * Finds pg_dump and pg_restore that are not older than the server: on PATH, otherwise where packages install further
 * versions.
 *
 * @param atLeast major of the server
 * @param env GODWIT_PG_BIN names the one folder to look in; without it, PATH is searched
 */
export async function findDumpTools(
  atLeast: number,
  env: Readonly<Record<string, string | undefined>>,
): Promise<DumpTools | NoTools> {
  const path = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  const named = env['GODWIT_PG_BIN'] ?? '';
  const folders = named === '' ? [...path, ...packageFolders(atLeast)] : [named];
  const older = new Set<number>();
  for (const folder of new Set(folders)) {
    const dump = join(folder, 'pg_dump');
    const restore = join(folder, 'pg_restore');
    if (!isProgram(dump) || !isProgram(restore)) continue;
    const major = await majorOf(dump);
    if (major === undefined) continue;
    if (major >= atLeast) return { dump, restore, major };
    older.add(major);
  }
  return { older: [...older] };
}

/** The folders of Debian's, the PostgreSQL project's and Homebrew's packages, smallest sufficient version first. */
function packageFolders(atLeast: number): readonly string[] {
  const versions = (parent: string, pattern: RegExp): readonly string[] => {
    try {
      return readdirSync(parent)
        .filter((name) => Number(pattern.exec(name)?.[1] ?? 0) >= atLeast)
        .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
        .map((name) => join(parent, name, 'bin'));
    } catch {
      return [];
    }
  };
  return [
    ...versions('/usr/lib/postgresql', /^(\d+)$/),
    ...versions('/opt/homebrew/opt', /^(?:postgresql|libpq)@(\d+)$/),
    ...versions('/usr/local/opt', /^(?:postgresql|libpq)@(\d+)$/),
  ];
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function majorOf(program: string): Promise<number | undefined> {
  const output = await new Promise<string>((resolve) => {
    execFile(program, ['--version'], { timeout: 10_000, env: plainEnv(program) }, (error, out) =>
      resolve(error === null ? out : ''),
    );
  });
  const major = /\(PostgreSQL\)\s+(\d+)/.exec(output)?.[1];
  return major === undefined ? undefined : Number(major);
}

/** An environment without the user's own: no service file, password or option changes what the programs do. */
export function plainEnv(program: string): NodeJS.ProcessEnv {
  return { PATH: `${dirname(program)}:/usr/bin:/bin`, LC_ALL: 'C', TZ: 'UTC' };
}
