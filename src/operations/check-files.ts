import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import { openKeptAnalyses, type KeptAnalysesStore } from '../adapters/analyses/kept-analyses.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import { openFolder } from '../adapters/files/folder.ts';
import { createParser } from '../adapters/parser/libpg-query.ts';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import { defaultSet } from '../migrate/contract/migration-id.ts';
import type { Migration } from '../migrate/contract/model.ts';
import type { Folder } from '../migrate/contract/ports.ts';
import type { Layout } from '../migrate/contract/tool.ts';
import { checkMigrations, type CheckedMigrations } from '../migrate/plan/check-bundle.ts';
import { createBundle, openScriptsOf } from '../migrate/read/bundle.ts';
import { detectTools } from '../migrate/read/layouts/detect.ts';
import { readBareFile } from '../migrate/read/read-bare-file.ts';
import { readScriptFile } from '../migrate/read/read-script-file.ts';
import { readFolder } from '../migrate/read/read-folder.ts';
import type { Config } from '../project/config-model.ts';
import { unknownEnvironment } from '../project/environment.ts';
import { loadConfig } from '../project/load-config.ts';
import { readLock } from '../project/lock-file.ts';
import { migrationsFolder, type MigrationsFolder } from '../project/open.ts';

/** What is to be checked. */
export interface CheckRequest {
  readonly cwd: string;
  readonly configFile?: string | undefined;
  /** Only the folder of this environment. */
  readonly environment?: string | undefined;
  /** Files as typed, relative to `cwd`; none: all migrations. */
  readonly files: readonly string[];
  /** Says where analyses are kept; absent: they are made each time. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** A folder of migrations, and how many of its migrations were checked. */
interface CheckedFolder extends Omit<CheckedMigrations, 'findings'> {
  readonly path: string;
  /** Absent: the folder could not be read. */
  readonly layout?: Layout;
}

/** Everything that can be known about a project without a database. */
export interface CheckedFiles {
  /** The folder that places in findings are relative to. */
  readonly root: string;
  readonly folders: readonly CheckedFolder[];
  /** Standalone scripts that were named. */
  readonly scripts: number;
  readonly findings: readonly Finding[];
}

/**
 * Checks configuration, lock file and migrations. Connects to nothing, writes nothing into the project, reads no variable
 * except those that say where the cache is.
 */
export async function checkFiles(request: CheckRequest): Promise<Outcome<CheckedFiles>> {
  const loaded = await loadConfig(request.cwd, request.configFile);
  if (!loaded.ok) return loaded;
  const { root, config, file: configPath } = loaded.value;
  const folders = foldersOf(root, config, request.environment);
  if (!folders.ok) return folders;
  const lock = readLock(root);
  const findings: Finding[] = lock.ok ? [] : [...lock.findings];
  const named = namedFiles(request, [
    ...(configPath === undefined ? [] : [configPath]),
    `${root}${sep}godwit.lock.json`,
  ]);
  findings.push(...named.findings);
  const kept = request.env === undefined ? undefined : openKeptAnalyses(request.env);
  const source: CheckedProject = { root, config, paths: request.files.length === 0 ? undefined : named.paths, kept };
  const checked: CheckedFolder[] = [];
  // A mistake in the only folder is reported even if none of its files is named: it concerns all of them.
  for (const folder of folders.value) {
    const { findings: found, ...rest } = await checkFolder(folder, source);
    checked.push(rest);
    findings.push(...found);
  }
  const scripts = named.paths.filter((path) => folders.value.every((folder) => !isIn(folder.path, path)));
  for (const path of scripts) findings.push(...(await checkScript(path, source)));
  kept?.save();
  return ok({ root, folders: checked, scripts: scripts.length, findings });
}

interface CheckedProject {
  readonly root: string;
  readonly config: Config;
  /** The named files; undefined: all. */
  readonly paths: readonly string[] | undefined;
  readonly kept: KeptAnalysesStore | undefined;
}

/** The folders of the environments, each once. */
function foldersOf(
  root: string,
  config: Config,
  environment: string | undefined,
): Outcome<readonly MigrationsFolder[]> {
  const environments = Object.entries(config.environments ?? {});
  const wanted = environments.filter(([name]) => environment === undefined || name === environment);
  if (environment !== undefined && environment !== 'local' && wanted.length === 0 && environments.length > 0)
    return err(
      unknownEnvironment(
        environment,
        environments.map(([name]) => name),
      ),
    );
  const own = wanted.length === 0 ? [undefined] : wanted.map(([, { migrations }]) => migrations);
  const folders = new Map<string, MigrationsFolder>();
  for (const name of own) {
    const folder = migrationsFolder(root, config, name);
    if (!folder.ok) return folder;
    folders.set(folder.value.path, folder.value);
  }
  return ok([...folders.values()]);
}

interface NamedFiles {
  /** Absolute, without `checkedAnyway`. */
  readonly paths: readonly string[];
  readonly findings: readonly Finding[];
}

function namedFiles({ cwd, files }: CheckRequest, checkedAnyway: readonly string[]): NamedFiles {
  const paths: string[] = [];
  const findings: Finding[] = [];
  for (const file of files) {
    const path = resolve(cwd, file);
    if (!existsSync(path))
      findings.push(fault('file-unreadable', { why: `There is no file ${file}.`, where: { file } }));
    else if (!checkedAnyway.includes(path)) paths.push(path);
  }
  return { paths, findings };
}

function isIn(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

async function checkFolder(
  { path, label }: MigrationsFolder,
  { root, config: { set = defaultSet, layout = 'auto' }, paths, kept }: CheckedProject,
): Promise<CheckedFolder & Pick<CheckedMigrations, 'findings'>> {
  const none = { path: label, migrations: 0, statements: 0 };
  const wanted = paths?.filter((one) => isIn(path, one));
  if (wanted?.length === 0) return { ...none, findings: [] };
  const folder = openFolder(path, label);
  const read = await readFolder(folder, nodeHashing, { set, layout });
  if (!read.ok) return { ...none, findings: [...read.findings, ...(await checkTexts(folder, read.findings))] };
  const { migrations } = read.value;
  const ports = { parser: createParser(), hashing: nodeHashing, kept };
  const bundle = createBundle({ layout: 'native', set, migrations, open: openScriptsOf(folder) }, ports);
  const isWanted = (file: string): boolean =>
    wanted === undefined || wanted.some((one) => isIn(one, resolve(root, file)));
  const chosen = migrations.filter(({ up, down, verify }) =>
    [up, down, verify].some((script) => script !== undefined && isWanted(script.file)),
  );
  const { findings, ...counts } = await checkMigrations(bundle, chosen);
  return { path: label, layout: read.value.layout, ...counts, findings: [...read.value.findings, ...findings] };
}

/** Faults of names, which leave the texts readable. */
const aboutNames: ReadonlySet<string> = new Set([
  'migration-odd-name',
  'migration-no-version',
  'migration-twice',
  'migration-orphan',
]);

/** In a folder whose names are wrong, each file is checked on its own, so that all mistakes are reported at once. */
async function checkTexts(folder: Folder, wrong: readonly Finding[]): Promise<readonly Finding[]> {
  if (!wrong.every(({ code }) => aboutNames.has(code))) return [];
  const tools = await detectTools(folder);
  const listed = await folder.list();
  if (!tools.ok || tools.value.length > 0 || !listed.ok) return [];
  const accused = new Set(wrong.flatMap(({ code, where }) => (code === 'migration-odd-name' ? [where?.file] : [])));
  const migrations: Migration[] = [];
  for (const { name, type, outside } of listed.value) {
    const file = `${folder.label}/${name}`;
    if (type !== 'file' || outside || !name.endsWith('.sql') || accused.has(file)) continue;
    const up = await readScriptFile(folder, { name, file }, nodeHashing, () => {});
    if (up.ok) migrations.push({ id: `file:${name}`, name, up: up.value });
  }
  const ports = { parser: createParser(), hashing: nodeHashing };
  const bundle = createBundle({ layout: 'bare', migrations, open: openScriptsOf(folder) }, ports);
  const { findings } = await checkMigrations(bundle, migrations);
  return findings.filter(({ code }) => code !== 'migration-empty');
}

/** Checks a file outside the folders, as `up --file` reads it. */
async function checkScript(
  path: string,
  { root, config: { set = defaultSet }, kept }: CheckedProject,
): Promise<readonly Finding[]> {
  const label = relative(realpathSync(root), realpathSync(dirname(path))).replaceAll('\\', '/');
  if (statSync(path).isDirectory()) {
    const file = label === '' ? basename(path) : `${label}/${basename(path)}`;
    const why = `${file} is a folder, and not the one of the migrations.`;
    const fix = 'Name files, or the folder that the configuration names.';
    return [fault('file-unreadable', { why, fix, where: { file } })];
  }
  const folder = openFolder(dirname(path), label);
  const migration = await readBareFile(folder, basename(path), nodeHashing);
  if (!migration.ok) return migration.findings;
  const ports = { parser: createParser(), hashing: nodeHashing, kept };
  const terms = { layout: 'bare', set, migrations: [migration.value], open: openScriptsOf(folder) } as const;
  return (await checkMigrations(createBundle(terms, ports), [migration.value])).findings;
}
