import { join } from 'node:path';
import { readDatabaseUrl } from '../adapters/url/database-url.ts';
import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import { nearest } from '../kit/nearest.ts';
import type { Ledger } from '../migrate/contract/engine.ts';
import type { Config } from './config-model.ts';
import { loadConfig } from './load-config.ts';
import { openLoaded, type OpenOptions, type Project } from './open.ts';

/** A project whose migrations are applied to test databases. */
export interface TestProject {
  readonly project: Project;
  /** The major that the configuration names. */
  readonly major: number | undefined;
  /** Folder of the test servers. */
  readonly folder: string;
}

/**
 * Opens a project for tests. Uses only the folder of migrations and the major of the named environment, or of `local`;
 * its database is not touched, and no variable has to be set.
 */
export async function openTestProject(options: OpenOptions): Promise<Outcome<TestProject>> {
  const loaded = await loadConfig(options.cwd, options.configFile);
  if (!loaded.ok) return loaded;
  const { root, config } = loaded.value;
  const { environment: name = 'local', env } = options;
  const { environments = {} } = config;
  const named = Object.hasOwn(environments, name) ? environments[name] : undefined;
  if (named === undefined && name !== 'local') return err(unknownEnvironment(name, Object.keys(environments)));
  const { migrations, major } = named ?? {};
  const local: Config['environments'] = {
    local: migrations === undefined ? {} : { migrations },
  };
  const opened = await openLoaded({ root, config: { ...config, environments: local } }, { env, environment: 'local' });
  if (!opened.ok) return opened;
  const project = { ...opened.value, ledger: noLedger };
  return ok({ project, major, folder: join(project.lastingDir, 'tests') });
}

/** The same project with a database of its test server. */
export function onTestDatabase(project: Project, url: string): Project {
  const read = readDatabaseUrl(url, 'the database for tests', { user: 'postgres' });
  if (!read.ok) throw new Error('the URL of a test database is not one');
  return { ...project, environment: { ...project.environment, database: { kind: 'server', ...read.value, url } } };
}

/** Records nothing: making a template is not an attempt to change an environment. */
const noLedger: Ledger = { write: () => Promise.resolve(ok(undefined)), list: () => Promise.resolve([]) };

function unknownEnvironment(name: string, defined: readonly string[]): ReturnType<typeof fault> {
  const near = nearest(name, defined);
  return fault('environment-unknown', {
    why: `The configuration does not define \`${name}\`; it defines ${defined.join(', ') || 'none'}.`,
    ...(near === undefined ? {} : { fix: `Did you mean \`${near}\`?` }),
  });
}
