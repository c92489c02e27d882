import { appendFile, readFile, readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeNew } from '../../adapters/write-file.ts';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Finding } from '../../kit/finding.ts';
import { toolTitles, type Layout } from '../../migrate/contract/tool.ts';
import { findFolders, lookInto, type FoundFolder } from '../../operations/find-folders.ts';
import { configNames, loadConfig } from '../../project/load-config.ts';
import { defineCommand, type Run } from '../command.ts';
import { text } from '../options/kinds.ts';
import { done, failed } from '../result.ts';
import { aligned, countOf } from '../screen/format.ts';

/** A configuration to start from. */
function configText({ migrations, layout }: { readonly migrations: string; readonly layout: Layout }): string {
  return `// Configuration of godwit. Do not write passwords here: a database is named by the environment
// variable that holds its URL.

/** @type {import('godwit/config').Config} */
export default {
  migrations: ${quoted(migrations)},${layout === 'native' ? '' : `\n  layout: ${quoted(layout)},`}
  environments: {
    // A real PostgreSQL that godwit starts on its own, in .godwit/.
    local: { database: 'embedded' },
    // dev: { database: { env: 'DEV_DATABASE_URL' } },
    // prod: { database: { env: 'PROD_DATABASE_URL' }, protected: true },
  },
};
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}

const sampleUp = `-- The first migration. Godwit runs it in one transaction, then checks in the database
-- that everything stated here exists. Change it as you like before the first \`godwit up\`.
CREATE TABLE notes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  title text NOT NULL CHECK (title <> ''),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX notes_created_at_idx ON notes (created_at);
`;

const sampleDown = `-- Undoes 0001_create_notes.sql.
DROP TABLE notes;
`;

interface ScaffoldFile {
  readonly path: string;
  readonly state: 'written' | 'kept' | 'extended';
}

export const spec = defineCommand({
  name: 'init',
  summary: 'Prepare a project: configuration, a first migration, .gitignore',
  about: [
    'Writes the files that are missing and never overwrites one. Works in an empty folder and in an existing project: a folder of migrations that is there already, also one of another tool, is written into the configuration, and gets no sample.',
  ],
  options: { migrations: text('FOLDER', 'the folder of migrations, if it is not where it is usually kept') },
  examples: [
    { type: 'npx godwit init', does: 'start here' },
    { type: 'npx godwit init --migrations backend/sql', does: 'use the migrations of this folder' },
  ],
});

export const run: Run<typeof spec> = async ({ io, screen, globals, options }) => {
  const { style } = screen;
  if (globals.config !== undefined || globals.env !== undefined) {
    return failed([
      fault('wrong-usage', {
        why: '`godwit init` takes neither --config nor --env.',
        fix: 'Run it in the folder of the project.',
      }),
    ]);
  }
  const chosen = await chooseFolder(io.cwd, options.migrations);
  if (!chosen.ok) return failed(chosen.findings);
  const { folder, unread } = chosen.value;
  for (const finding of unread) screen.finding(finding);
  const pieces: ScaffoldFile[] = [];
  for (const part of [writeConfig, writeSample, writeIgnore]) {
    const written = await part(io.cwd, folder);
    if (!written.ok) return failed(written.findings);
    pieces.push(...written.value);
  }
  const symbols = {
    written: style.green('✔ written '),
    extended: style.green('✔ extended'),
    kept: style.dim('· kept    '),
  };
  screen.say(...pieces.map(({ path, state }) => `${symbols[state]} ${path}`));
  if (folder.migrations > 0)
    screen.say('', `${folder.path} holds ${countOf(folder.migrations, 'migration')}${madeBy(folder)}.`);
  const isNew = pieces.some(({ path, state }) => state === 'written' && path.endsWith('.sql'));
  screen.say(
    '',
    style.bold('Next'),
    ...aligned(
      nextSteps(
        folder,
        isNew,
        unread.some(({ code }) => code === 'foreign-layout'),
      ),
    ),
  );
  const { path, layout, migrations } = folder;
  return done({ files: pieces, folder: { path, layout, migrations } });
};

function madeBy({ layout }: ChosenFolder): string {
  return layout === 'native' ? '' : ` of ${toolTitles[layout]}`;
}

function nextSteps(
  { layout, migrations }: ChosenFolder,
  isNew: boolean,
  changesOver: boolean,
): readonly (readonly [string, string])[] {
  if (changesOver && migrations === 0)
    return [['  godwit adopt -e NAME', 'record the dump of the schema, once it is there']];
  const from = layout === 'native' ? '' : ` --from ${layout}`;
  return [
    ...(isNew || migrations > 0 ? [['  godwit plan', 'what would run'] as const] : []),
    ['  godwit up', 'apply, verify, record'],
    ...(migrations > 0 ? [[`  godwit adopt${from} -e NAME`, 'record what a database has already'] as const] : []),
    ...(layout === 'native' ? [['  godwit new NAME', 'the next migration'] as const] : []),
  ];
}

/** The folder that the configuration is to name. */
interface ChosenFolder {
  readonly path: string;
  readonly layout: Layout;
  readonly migrations: number;
  /** False: there are migrations already, read or not. */
  readonly sample: boolean;
}

/** Looks first: what the project has already is used, and nothing is put beside it. */
async function chooseFolder(
  cwd: string,
  named: string | undefined,
): Promise<Outcome<{ readonly folder: ChosenFolder; readonly unread: readonly Finding[] }>> {
  const loaded = await loadConfig(cwd);
  if (!loaded.ok) return loaded;
  const configured = loaded.value.config.migrations ?? (loaded.value.file === undefined ? undefined : 'migrations');
  const asked = named?.replaceAll('\\', '/').replace(/\/+$/, '') ?? configured;
  const found = asked === undefined ? await findFolders(cwd) : [await lookInto(cwd, asked)].filter(isFound);
  const read = found.filter(({ layout }) => layout !== undefined);
  const unread = found.filter(({ layout }) => layout === undefined);
  if (named !== undefined && unread.length > 0) return err(...unread.flatMap(({ findings }) => findings));
  if (read.length > 1) return err(severalFolders(read));
  // A native folder with a file that has no good name is the folder all the same.
  const [one = unread.find(({ foreign }) => !foreign)] = read;
  const others = configured === undefined ? unread : [];
  const isTaken = asked === undefined && others.some(({ path }) => path === 'migrations');
  const path = one?.path ?? asked ?? (isTaken ? 'godwit/migrations' : 'migrations');
  const findings = others.flatMap((other) => other.findings.map((finding) => intoFolder(finding, path)));
  const folder = { path, layout: one?.layout ?? 'native', migrations: one?.migrations ?? 0 };
  return ok({ folder: { ...folder, sample: one === undefined && others.length === 0 }, unread: findings });
}

/** The way to change over leads into the folder that the configuration names. */
function intoFolder(finding: Finding, path: string): Finding {
  return { ...finding, severity: 'warning', fix: finding.fix.replaceAll('=migrations/', `=${path}/`) };
}

function isFound(folder: FoundFolder | undefined): folder is FoundFolder {
  return folder !== undefined;
}

function severalFolders(found: readonly FoundFolder[]): Finding {
  const list = found.map(({ path, layout, migrations }) => {
    const tool = layout === undefined || layout === 'native' ? '' : `, ${toolTitles[layout]}`;
    return `${path} (${countOf(migrations, 'migration')}${tool})`;
  });
  return fault('wrong-usage', {
    why: `There are several folders of migrations: ${list.join('; ')}.`,
    fix: `Say which one: \`godwit init --migrations ${found[0]?.path ?? ''}\`.`,
  });
}

async function writeConfig(cwd: string, folder: ChosenFolder): Promise<Outcome<readonly ScaffoldFile[]>> {
  const existing = configNames.find((name) => existsSync(join(cwd, name)));
  if (existing !== undefined) return ok([{ path: existing, state: 'kept' }]);
  return await writeAs(cwd, 'godwit.config.mjs', configText({ migrations: folder.path, layout: folder.layout }));
}

/** Writes the sample only if there are no migrations yet. */
async function writeSample(cwd: string, { path, sample }: ChosenFolder): Promise<Outcome<readonly ScaffoldFile[]>> {
  const present = await readdir(join(cwd, path)).catch(() => undefined);
  if (!sample || (present ?? []).length > 0)
    return ok(present === undefined ? [] : [{ path: `${path}/`, state: 'kept' }]);
  const up = await writeAs(cwd, `${path}/0001_create_notes.sql`, sampleUp);
  if (!up.ok) return up;
  const down = await writeAs(cwd, `${path}/0001_create_notes.down.sql`, sampleDown);
  return down.ok ? ok([...up.value, ...down.value]) : down;
}

async function writeIgnore(cwd: string): Promise<Outcome<readonly ScaffoldFile[]>> {
  const path = join(cwd, '.gitignore');
  const present = await readFile(path, 'utf8').catch(() => undefined);
  if (present === undefined) return await writeAs(cwd, '.gitignore', '.godwit/\n');
  if (/^\/?\.godwit\/?\s*$/m.test(present)) return ok([{ path: '.gitignore', state: 'kept' }]);
  try {
    await appendFile(path, `${present === '' || present.endsWith('\n') ? '' : '\n'}.godwit/\n`);
    return ok([{ path: '.gitignore', state: 'extended' }]);
  } catch (error) {
    return err(fault('file-unwritable', { why: `${(error as Error).message}.`, where: { file: '.gitignore' } }));
  }
}

async function writeAs(cwd: string, path: string, content: string): Promise<Outcome<readonly ScaffoldFile[]>> {
  const written = await writeNew(join(cwd, path), content, path);
  return written.ok ? ok([{ path, state: 'written' }]) : written;
}
