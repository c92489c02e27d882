import { join, relative, resolve } from 'node:path';
import { createFileLedger } from '../adapters/ledger/file-ledger.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import { createRedactor, type Redactor } from '../kit/redact.ts';
import { secretsIn } from '../kit/secret-variables.ts';
import type { Ledger } from '../migrate/contract/engine.ts';
import type { OtherEnvironment } from '../migrate/contract/task.ts';
import { fault } from '../kit/fault.ts';
import { defaultSet } from '../migrate/contract/migration-id.ts';
import type { LayoutChoice } from '../migrate/contract/tool.ts';
import type { Config } from './config-model.ts';
import { stateFolders } from './state-folders.ts';
import { withEnvFile } from './env-file.ts';
import { leadsToOriginal } from './copied-environment.ts';
import { chooseEnvironment, type Environment } from './environment.ts';
import { loadConfig, type LoadedConfig } from './load-config.ts';
import { createRunIds, type RunIds } from './run-id.ts';
import { readLock, type Pin } from './lock-file.ts';
import type { Remote, RemoteOptions } from './remote.ts';

/** The options of opening a project. */
export interface OpenOptions {
  /** Absolute path of the folder to work in. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly configFile?: string;
  readonly environment?: string;
  /** `--env-file`: a file with further environment variables; a path from `cwd`. */
  readonly envFile?: string;
  /** True: the command is about the embedded server, so that it is used even where nothing names it. */
  readonly embeddedAsked?: boolean;
  /** `--image`: an image for the work of this command, in place of the configured one. */
  readonly image?: string;
  /** Receives the password of the database. */
  readonly redactor?: Redactor;
  /** Asks a person to name a database on another machine that no configuration names. */
  readonly askName?: (host: string) => Promise<string | undefined>;
}

/** A project with one of its environments chosen. */
export interface Project {
  /** Folder that paths in findings are relative to. */
  readonly root: string;
  readonly migrations: MigrationsFolder;
  /** The set that its migrations belong to. */
  readonly set: string;
  /** How its folder names and divides them. */
  readonly layout: LayoutChoice;
  readonly environment: Environment;
  /** Identity from godwit.lock.json; absent before the first run and for the embedded server. */
  readonly pinned?: Pin;
  /** The other environments: those of the configuration, or those of the lock file if it defines none. */
  readonly others: readonly OtherEnvironment[];
  /** `.godwit`, or a temporary folder if that is not writable: ledger, results. Never under version control. */
  readonly stateDir: string;
  /** `.godwit`, even if it is not writable: embedded servers, checkpoints. */
  readonly lastingDir: string;
  readonly ledger: Ledger;
  /** Present: the work of the environment is executed remotely. */
  readonly remote?: Remote;
  readonly redactor: Redactor;
  /** The names of its runs. */
  readonly runIds: RunIds;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Present: one of many databases that share the environment, by its name; it is not the pinned one. */
  readonly member?: string;
  /** The schema of this database that belongs to the work. */
  readonly schema?: string;
  /** Warnings about configuration and URL. */
  readonly findings: readonly Finding[];
}

/** Opens the project of a folder: configuration, environment, database URL, lock file. Connects to nothing. */
export async function openProject(options: OpenOptions): Promise<Outcome<Project>> {
  const loaded = await loadConfig(options.cwd, options.configFile);
  if (!loaded.ok) return loaded;
  const envFile = options.envFile === undefined ? {} : { envFile: resolve(options.cwd, options.envFile) };
  return await openLoaded(loaded.value, { ...options, ...envFile });
}

/** Opens a project with a configuration that is already loaded, or was made by the caller. */
export async function openLoaded(
  { root, config }: Pick<LoadedConfig, 'root' | 'config'>,
  options: Omit<OpenOptions, 'cwd' | 'configFile'>,
): Promise<Outcome<Project>> {
  const redactor = options.redactor ?? createRedactor();
  const { environment: named, askName, envFile, embeddedAsked = false } = options;
  const variables = readVariables(root, envFile ?? config.envFile, options.env);
  if (!variables.ok) return variables;
  const env = variables.value;
  for (const secret of secretsIn(env)) redactor.register(secret);
  const question = { config, named, env, askName, redactor, root, embeddedAsked };
  const chosen = await chooseEnvironment(question);
  if (!chosen.ok) return chosen;
  const { findings } = chosen.value;
  const mixedUp = await leadsToOriginal(question, chosen.value.environment);
  if (mixedUp.length > 0) return err(...mixedUp);
  const imaged = withImage(chosen.value.environment, options.image);
  if (!imaged.ok) return imaged;
  const environment = imaged.value;
  const migrations = migrationsFolder(root, config, environment.migrations);
  if (!migrations.ok) return migrations;
  const lock = readLock(root);
  if (!lock.ok) return lock;
  const isPinned = environment.database.kind !== 'embedded' && environment.copiedFrom === undefined;
  const pinned = isPinned ? lock.value.get(environment.name) : undefined;
  const { lasting, informing: stateDir } = stateFolders(root, env);
  const files = createFileLedger(join(stateDir, 'runs'), (text) => redactor.redact(text));
  const remote = await remoteOf(environment, { stateDir, env, redactor, files });
  return ok({
    root,
    migrations: migrations.value,
    set: config.set ?? defaultSet,
    layout: config.layout ?? 'auto',
    environment,
    ...(pinned === undefined ? {} : { pinned }),
    others: othersOf(environment.name, config, lock.value),
    stateDir,
    lastingDir: lasting,
    ledger: remote?.ledger ?? files,
    ...(remote === undefined ? {} : { remote }),
    redactor,
    runIds: createRunIds(Date.now),
    env,
    findings,
  });
}

/** The environment, with the variables of the named file. */
function readVariables(root: string, file: string | undefined, env: OpenOptions['env']): Outcome<OpenOptions['env']> {
  if (file === undefined) return ok(env);
  const path = resolve(root, file);
  return withEnvFile(env, path, relative(root, path));
}

/** The other environments. An entry of the lock file that the configuration no longer names does not count. */
function othersOf(name: string, { environments }: Config, lock: ReadonlyMap<string, Pin>): readonly OtherEnvironment[] {
  const names = environments === undefined ? [...lock.keys()] : Object.keys(environments);
  return names
    .filter((other) => other !== name)
    .map((other) => {
      const pinned = lock.get(other);
      return { name: other, ...(pinned === undefined ? {} : { pinned }) };
    });
}

function withImage(environment: Environment, image: string | undefined): Outcome<Environment> {
  const { engine, name } = environment;
  if (image === undefined) return ok(environment);
  if (engine === 'local')
    return err(
      fault('wrong-usage', {
        why: `--image: \`${name}\` executes its work on this machine, without an image.`,
        fix: 'Omit --image, or name an environment with a cloud engine: -e NAME.',
      }),
    );
  return ok({ ...environment, engine: { ...engine, image: { ...engine.image, own: image } } });
}

async function remoteOf(
  { name, engine }: Environment,
  options: Omit<RemoteOptions, 'environment' | 'options'>,
): Promise<Remote | undefined> {
  if (engine === 'local') return undefined;
  const { openRemote } = await import('./remote.ts');
  return openRemote({ environment: name, options: engine, ...options });
}

/** A folder of migrations, and its name in findings. */
export interface MigrationsFolder {
  readonly path: string;
  readonly label: string;
}

/** The folder of migrations: of the environment, of the configuration, or `migrations`; always in the project. */
export function migrationsFolder(root: string, config: Config, own?: string): Outcome<MigrationsFolder> {
  const named = own ?? config.migrations ?? 'migrations';
  const path = resolve(root, named);
  const label = relative(root, path).replaceAll('\\', '/') || '.';
  if (label.startsWith('..')) {
    return err(
      fault('config-invalid', {
        why: `migrations: \`${named}\` leads out of the project.`,
        fix: 'Name a folder inside the project.',
      }),
    );
  }
  return ok({ path, label });
}
