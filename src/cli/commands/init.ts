import { appendFile, readFile, readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeNew } from '../../adapters/write-file.ts';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { configNames } from '../../project/load-config.ts';
import { defineCommand, type Run } from '../command.ts';
import { done, failed } from '../result.ts';

const config = `// Configuration of godwit. Do not write passwords here: a database is named by the environment
// variable that holds its URL.

/** @type {import('godwit/config').Config} */
export default {
  migrations: 'migrations',
  environments: {
    // A real PostgreSQL that godwit starts on its own, in .godwit/.
    local: { database: 'embedded' },
    // dev: { database: { env: 'DEV_DATABASE_URL' } },
    // prod: { database: { env: 'PROD_DATABASE_URL' }, protected: true },
  },
};
`;

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
    'Writes the files that are missing and never overwrites one. Works in an empty folder and in an existing project.',
  ],
  examples: [{ type: 'npx godwit init', does: 'start here' }],
});

export const run: Run<typeof spec> = async ({ io, screen, globals }) => {
  const { style } = screen;
  if (globals.config !== undefined || globals.env !== undefined) {
    return failed([
      fault('wrong-usage', {
        why: '`godwit init` takes neither --config nor --env.',
        fix: 'Run it in the folder of the project.',
      }),
    ]);
  }
  const pieces: ScaffoldFile[] = [];
  for (const part of [writeConfig, writeSample, writeIgnore]) {
    const written = await part(io.cwd);
    if (!written.ok) return failed(written.findings);
    pieces.push(...written.value);
  }
  const symbols = {
    written: style.green('✔ written '),
    extended: style.green('✔ extended'),
    kept: style.dim('· kept    '),
  };
  screen.say(...pieces.map(({ path, state }) => `${symbols[state]} ${path}`));
  const isNew = pieces.some(({ path, state }) => state === 'written' && path.startsWith('migrations/'));
  screen.say(
    '',
    style.bold('Next'),
    ...(isNew ? ['  godwit plan       what would run'] : []),
    '  godwit up         apply, verify, record',
    '  godwit new NAME   the next migration',
  );
  return done({ files: pieces });
};

async function writeConfig(cwd: string): Promise<Outcome<readonly ScaffoldFile[]>> {
  const existing = configNames.find((name) => existsSync(join(cwd, name)));
  if (existing !== undefined) return ok([{ path: existing, state: 'kept' }]);
  return await writeAs(cwd, 'godwit.config.mjs', config);
}

/** Writes the sample only if there are no migrations yet. */
async function writeSample(cwd: string): Promise<Outcome<readonly ScaffoldFile[]>> {
  const present = await readdir(join(cwd, 'migrations')).catch(() => []);
  if (present.some((name) => name.endsWith('.sql'))) return ok([{ path: 'migrations/', state: 'kept' }]);
  const up = await writeAs(cwd, 'migrations/0001_create_notes.sql', sampleUp);
  if (!up.ok) return up;
  const down = await writeAs(cwd, 'migrations/0001_create_notes.down.sql', sampleDown);
  return down.ok ? ok([...up.value, ...down.value]) : down;
}

async function writeIgnore(cwd: string): Promise<Outcome<readonly ScaffoldFile[]>> {
  const path = join(cwd, '.gitignore');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return await writeAs(cwd, '.gitignore', '.godwit/\n');
  if (/^\/?\.godwit\/?\s*$/m.test(text)) return ok([{ path: '.gitignore', state: 'kept' }]);
  try {
    await appendFile(path, `${text === '' || text.endsWith('\n') ? '' : '\n'}.godwit/\n`);
    return ok([{ path: '.gitignore', state: 'extended' }]);
  } catch (error) {
    return err(fault('file-unwritable', { why: `${(error as Error).message}.`, where: { file: '.gitignore' } }));
  }
}

async function writeAs(cwd: string, path: string, text: string): Promise<Outcome<readonly ScaffoldFile[]>> {
  const written = await writeNew(join(cwd, path), text, path);
  return written.ok ? ok([{ path, state: 'written' }]) : written;
}
