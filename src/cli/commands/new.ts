import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeNew } from '../../adapters/write-file.ts';
import { fault } from '../../kit/fault.ts';
import { loadConfig } from '../../project/load-config.ts';
import { migrationsFolder } from '../../project/open.ts';
import type { Run } from '../command.ts';
import { done, failed } from '../result.ts';

const namePattern = /^[\p{L}\p{N}][\p{L}\p{N}_-]*$/u;

/** `godwit new NAME`: the next version, with its down file. */
export const newMigration: Run = async ({ io, screen, typed }) => {
  const name = (typed.arguments[0] ?? '').trim().replaceAll(/\s+/g, '_');
  if (!namePattern.test(name) || name.length > 100) {
    return failed([
      fault('name-invalid', {
        why: `\`${name}\`: names begin with a letter or digit, and consist of letters, digits, \`_\` and \`-\`.`,
      }),
    ]);
  }
  const loaded = await loadConfig(io.cwd, typed.values['config']);
  if (!loaded.ok) return failed(loaded.findings);
  const { root, config } = loaded.value;
  const environment = config.environments?.[typed.values['env'] ?? 'local'];
  const folder = migrationsFolder(root, config, environment?.migrations);
  if (!folder.ok) return failed(folder.findings);

  const present = await readdir(folder.value.path).catch(() => []);
  const version = nextVersion(present);
  const files = [`${version}_${name}.sql`, `${version}_${name}.down.sql`] as const;
  const texts = [`-- ${name.replaceAll('_', ' ')}\n`, `-- Undoes ${files[0]}.\n`];
  for (const [index, file] of files.entries()) {
    const written = await writeNew(join(folder.value.path, file), texts[index] ?? '', `${folder.value.label}/${file}`);
    if (!written.ok) return failed(written.findings);
  }
  const paths = files.map((file) => `${folder.value.label}/${file}`);
  screen.say(...paths.map((path) => `${screen.style.green('✔ written')} ${path}`));
  screen.say('', 'Write its SQL, then `godwit plan` shows what would run.');
  return done({ version: String(BigInt(version)), files: paths });
};

/** One more than the highest version in the folder, with at least as many digits. */
export function nextVersion(names: readonly string[]): string {
  let highest = 0n;
  let width = 4;
  for (const name of names) {
    const digits = /^(\d+)_.*\.sql$/.exec(name)?.[1];
    if (digits === undefined) continue;
    width = Math.max(width, digits.length);
    const version = BigInt(digits);
    if (version > highest) highest = version;
  }
  return String(highest + 1n).padStart(width, '0');
}
