/**
 * Databases for your tests: each one new, with all migrations applied, in milliseconds.
 *
 * @module
 */
import { cwd as workingFolder, env as processEnv } from 'node:process';
import { identifyActor } from './adapters/actor.ts';
import { urlOnServer } from './adapters/embedded/database.ts';
import { defaultMajor } from './adapters/embedded/versions.ts';
import { copyDatabase, dropDatabase, ensureDatabaseTemplate, testName } from './adapters/test-databases/databases.ts';
import { nodeHashing } from './adapters/files/hashing.ts';
import { joinTestServer, type TestServer } from './adapters/test-databases/test-server.ts';
import { GodwitError } from './kit/godwit-error.ts';
import { unknownOptions, type OptionNames } from './kit/known-options.ts';
import { err, ok, type Outcome } from './kit/outcome.ts';
import type { Bundle } from './migrate/contract/ports.ts';
import type { Project } from './project/open.ts';
import { runTask } from './operations/run-task.ts';
import { applyTask } from './operations/tasks.ts';
import { onTestDatabase, openTestProject, type TestProject } from './project/test-project.ts';
import { version } from './project/version.ts';
import { readBundle, wire } from './project/wire.ts';
import { encodeUtf8 } from './sql/encoding.ts';

export { GodwitError } from './kit/godwit-error.ts';
export type { Finding, Place, Severity } from './kit/finding.ts';

/** Which migrations the database gets. */
export interface TestDatabaseOptions {
  /** Folder of the project; default: the working folder of the process. */
  readonly cwd?: string;
  /** Path of the configuration file; default `godwit.config.ts`, `.mjs` or `.json` in `cwd`. */
  readonly config?: string;
  /** The environment whose migrations folder and major version are used; default `local`. Its database is not used. */
  readonly environment?: string;
  /** Major version of PostgreSQL, 14 to 18; default: that of the environment, or 18. */
  readonly major?: number;
  /** Environment variables such as `GODWIT_CACHE`. Default: those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A database for one test. */
export interface TestDatabase extends AsyncDisposable {
  /** Address with the superuser's password, on 127.0.0.1. It stays the same when the database is reset. */
  readonly url: string;
  /** Name of the database. */
  readonly name: string;
  /** Restores the database to its first state. Ends open sessions. */
  reset(): Promise<void>;
  /** Drops the database and ends open sessions. `await using` calls it. May be called twice. */
  close(): Promise<void>;
}

const known: OptionNames<TestDatabaseOptions> = { cwd: true, config: true, environment: true, major: true, env: true };

/**
 * Creates a new database with all migrations of the project applied. The first call for a state of the migrations
 * applies and verifies them on a PostgreSQL that is started for tests; every further call, in any process, copies the
 * result. The server stops some seconds after the last process that uses it.
 *
 * @param options the project, see {@link TestDatabaseOptions}; by default the one in the working folder
 * @returns the database; `await using` drops it at the end of the block
 * @throws GodwitError if the configuration is wrong, a migration fails, or the server cannot be started
 * @example
 * await using database = await testDatabase({ cwd: projectFolder });
 * // new URL(database.url).hostname: '127.0.0.1'
 */
export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const wrong = unknownOptions('testDatabase', options, known);
  if (wrong.length > 0) throw new GodwitError(wrong);
  const env = options.env ?? processEnv;
  const opened = valueOf(await openOnce(options, env));
  const { project } = opened;
  const bundle = valueOf(await readBundle(project));
  const major = options.major ?? opened.major ?? defaultMajor;
  const server = valueOf(await joinTestServer({ folder: opened.folder, major, env }));
  project.redactor.register(server.password);
  const name = testName();
  const copy = async (): Promise<void> => await copyTemplate(server, project, bundle, name);
  const drop = async (): Promise<void> => await dropDatabase(server.administrator, name);
  await copy();
  let dropped: Promise<void> | undefined;
  const close = (): Promise<void> => (dropped ??= drop());
  return {
    url: urlOnServer(server.url, name),
    name,
    async reset() {
      await drop();
      await copy();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const projects = new Map<string, Promise<Outcome<TestProject>>>();

/** Loads the configuration once in a process: loading one in TypeScript takes longer than copying a database. */
async function openOnce(
  { cwd = workingFolder(), config, environment }: TestDatabaseOptions,
  env: NonNullable<TestDatabaseOptions['env']>,
): Promise<Outcome<TestProject>> {
  const key = JSON.stringify([cwd, config, environment, env['GODWIT_HOME']]);
  const opening =
    projects.get(key) ??
    openTestProject({
      cwd,
      env,
      ...(config === undefined ? {} : { configFile: config }),
      ...(environment === undefined ? {} : { environment }),
    });
  projects.set(key, opening);
  const opened = await opening;
  if (!opened.ok) projects.delete(key);
  return opened;
}

/** Copies the template. Creates it again if another process has dropped it as outdated. */
async function copyTemplate(server: TestServer, project: Project, bundle: Bundle, name: string): Promise<void> {
  const session = server.administrator;
  for (let tries = 0; tries < 3; tries += 1) {
    const template = valueOf(
      await ensureDatabaseTemplate(session, contentHash(bundle), (draft) =>
        migrate(onTestDatabase(project, urlOnServer(server.url, draft)), bundle),
      ),
    );
    if (await copyDatabase(session, name, template)) return;
  }
  throw new Error('the template for tests vanishes again and again');
}

/** The hash includes godwit's version, because another version may produce another result from the same files. */
function contentHash({ hash }: Bundle): string {
  return nodeHashing
    .sha256()
    .update(encodeUtf8(`${version()} ${hash}`))
    .hex();
}

async function migrate(project: Project, bundle: Bundle): Promise<Outcome<void>> {
  const wired = await wire(project, { migrations: false, detached: false });
  if (!wired.ok) return wired;
  const actor = { ...identifyActor(project.env), commit: '', tool: version() };
  const selection = { direction: 'up', outOfOrder: false } as const;
  const task = await applyTask(project, actor, { command: 'up', selection });
  const ready = { ...wired.value, bundle };
  const { execution } = await runTask(project, ready, task, { command: 'up', onEvent: () => {} });
  await wired.value.close();
  return execution.exitCode === 0 ? ok(undefined) : err(...execution.findings);
}

function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new GodwitError(outcome.findings);
}
