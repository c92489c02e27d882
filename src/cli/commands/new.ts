import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { folderOnBranches, type BranchFolder } from '../../adapters/git-branches.ts';
import { writeNew } from '../../adapters/write-file.ts';
import { openFolder } from '../../adapters/files/folder.ts';
import { fault } from '../../kit/fault.ts';
import { ok, type Outcome } from '../../kit/outcome.ts';
import type { Layout, LayoutChoice } from '../../migrate/contract/tool.ts';
import { chooseLayout, detectTools } from '../../migrate/read/layouts/detect.ts';
import { newFiles } from '../../migrate/read/layouts/new-files.ts';
import { loadConfig } from '../../project/load-config.ts';
import { migrationsFolder, type MigrationsFolder } from '../../project/open.ts';
import { defineCommand, type Run } from '../command.ts';
import { argument } from '../options/argument-kinds.ts';
import { flag } from '../options/kinds.ts';
import { done, failed } from '../result.ts';

const namePattern = /^[\p{L}\p{N}][\p{L}\p{N}_-]*$/u;

export const spec = defineCommand({
  name: 'new',
  summary: 'Create the next migration',
  arguments: { name: argument('NAME', 'what the migration does, such as add_users') },
  options: { down: flag('also create a down file, for `godwit down`') },
  examples: [
    {
      type: 'godwit new add_users',
      does: 'write migrations/0002_add_users.sql, or what the tool of the folder would write',
    },
    { type: 'godwit new add_users --down', does: 'and migrations/0002_add_users.down.sql' },
  ],
});

export const run: Run<typeof spec> = async (context) => {
  const { io, screen, globals, options } = context;
  const name = context.arguments.name.trim().replaceAll(/\s+/g, '_');
  if (!namePattern.test(name) || name.length > 100) {
    return failed([
      fault('name-invalid', {
        why: `\`${name}\`: names begin with a letter or digit, and consist of letters, digits, \`_\` and \`-\`.`,
      }),
    ]);
  }
  const loaded = await loadConfig(io.cwd, globals.config);
  if (!loaded.ok) return failed(loaded.findings);
  const { root, config } = loaded.value;
  const environment = config.environments?.[globals.env ?? 'local'];
  const folder = migrationsFolder(root, config, environment?.migrations);
  if (!folder.ok) return failed(folder.findings);

  const present = await readdir(folder.value.path).catch(() => []);
  const layout = await layoutOf(folder.value, config.layout ?? 'auto');
  if (!layout.ok) return failed(layout.findings);
  if (layout.value !== 'native') {
    const made = newFiles(layout.value, { present, name, down: options.down, now: timeNow() });
    if (!made.ok) return failed(made.findings);
    const files = await writeAll(folder.value, made.value.texts);
    if (!files.ok) return failed(files.findings);
    screen.say(...files.value.map((file) => `${screen.style.green('✔ written')} ${file}`));
    screen.say('', 'Write its SQL, then `godwit plan` shows what would run.');
    return done({ version: made.value.version, files: files.value });
  }
  const next = nextVersion(present);
  const { version, taken } = freeVersion(next, await folderOnBranches(root, folder.value.path));
  const up = `${version}_${name}.sql`;
  const texts = new Map([[up, `-- ${name.replaceAll('_', ' ')}\n`]]);
  if (options.down) texts.set(`${version}_${name}.down.sql`, downHint(up));
  const written = await writeAll(folder.value, texts);
  if (!written.ok) return failed(written.findings);
  const paths = written.value;
  const namesake = present.find((file) => /^\d+_/.test(file) && file.replace(/^\d+_/, '') === `${name}.sql`);
  if (namesake !== undefined) screen.say(`${screen.style.magenta('!')} ${namesake} has the same name.`);
  screen.say(...takenLines(taken), ...paths.map((path) => `${screen.style.green('✔ written')} ${path}`));
  screen.say('', 'Write its SQL, then `godwit plan` shows what would run.');
  return done({
    version: String(BigInt(version)),
    files: paths,
    ...(taken.length === 0
      ? {}
      : { taken: taken.map(({ version: at, ...where }) => ({ version: String(at), ...where })) }),
  });
};

/** The layout of a folder that may be empty, or not there yet. */
async function layoutOf({ path, label }: MigrationsFolder, choice: LayoutChoice): Promise<Outcome<Layout>> {
  if (choice !== 'auto') return ok(choice);
  const found = await detectTools(openFolder(path, label));
  if (!found.ok) return ok('native');
  return chooseLayout(found.value, { file: label });
}

function timeNow(): { readonly ms: number; readonly iso: string } {
  const now = new Date();
  return { ms: now.getTime(), iso: now.toISOString() };
}

/** Returns the paths of the files, relative to the project. */
async function writeAll(
  { path, label }: MigrationsFolder,
  texts: ReadonlyMap<string, string>,
): Promise<Outcome<readonly string[]>> {
  for (const [file, text] of texts) {
    const written = await writeNew(join(path, file), text, `${label}/${file}`);
    if (!written.ok) return written;
  }
  return ok([...texts.keys()].map((file) => `${label}/${file}`));
}

function downHint(up: string): string {
  return `-- Undoes ${up}: reverse its statements, the last one first, such as
--   drop index concurrently users_email;   for   create index concurrently users_email …
--   drop table users;                      for   create table users …
-- \`godwit down\` refuses to destroy rows that the migration did not create.
`;
}

/** A version that is free in this folder but taken on a branch. */
interface Taken {
  readonly version: bigint;
  readonly branch: string;
  readonly file: string;
}

/** Returns the first version, from `first` on, that no branch has a file for, and the versions that it skipped. */
function freeVersion(
  first: string,
  branches: readonly BranchFolder[],
): { readonly version: string; readonly taken: readonly Taken[] } {
  const files = new Map<bigint, Taken>();
  for (const { branch, names } of branches)
    for (const file of names) {
      const digits = digitsOf(file);
      if (digits === undefined) continue;
      const version = BigInt(digits);
      if (!files.has(version)) files.set(version, { version, branch, file });
    }
  const taken: Taken[] = [];
  let version = BigInt(first);
  for (let found = files.get(version); found !== undefined; found = files.get(version)) {
    taken.push(found);
    version += 1n;
  }
  return { version: String(version).padStart(first.length, '0'), taken };
}

const mostShown = 5;

function takenLines(taken: readonly Taken[]): readonly string[] {
  const more = taken.length - mostShown;
  return [
    ...taken.slice(0, mostShown).map(({ version, branch, file }) => `${version} is taken on branch ${branch}: ${file}`),
    ...(more > 0 ? [`… and ${more} more`] : []),
  ];
}

function digitsOf(file: string): string | undefined {
  return /^(\d+)_.*\.sql$/.exec(file)?.[1];
}

/** Returns the highest version in the folder plus one, with at least as many digits. */
function nextVersion(names: readonly string[]): string {
  let highest = 0n;
  let width = 4;
  for (const name of names) {
    const digits = digitsOf(name);
    if (digits === undefined) continue;
    width = Math.max(width, digits.length);
    const version = BigInt(digits);
    if (version > highest) highest = version;
  }
  return String(highest + 1n).padStart(width, '0');
}
