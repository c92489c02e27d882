import { readFileSync } from 'node:fs';
import type { CloudRunOptions } from '../../src/adapters/engines/cloud-run/options.ts';
import { createGoogle, type Google } from '../../src/adapters/google/google.ts';
import { createRedactor } from '../../src/kit/redact.ts';
import { cloudRunOptions } from '../../src/project/cloud-run-options.ts';
import type { CloudRunConfig, Config, EnvironmentConfig } from '../../src/project/config-model.ts';
import { buildCloud } from '../support/cloud.ts';
import { createTestDatabase } from '../support/database.ts';

/** Where the suite runs: on the emulator, or in a real project of Google Cloud. */
export interface Site extends AsyncDisposable {
  /** Beside the test's own variables. */
  readonly env: Readonly<Record<string, string>>;
  /** The environment `conformance`; `more` changes its engine. */
  configuration(more?: Partial<CloudRunConfig>): string;
  readonly terms: CloudRunOptions;
  readonly google: Google;
  /** What the questions are answered here; nothing is expected of a real project. */
  readonly answers: Readonly<Record<string, RegExp>>;
  /** Backups that exist, where they can be seen: none after all questions. */
  backups(): readonly unknown[];
}

/** The emulator's answers. */
const emulatedAnswers = {
  U1: /^taken; it reads back as SUCCESSFUL, with expiryTime$/,
  U3: /^yes; the answer has /,
  U5: /^taken; the operation succeeds; execution JOB-1: (there at once|404 NOT_FOUND)/,
  U6: /^403 PERMISSION_DENIED: .*\(permission run\.executions\.get\)$/,
  log: /^\d+\.\d s, 0 entries, (no|a) page token$/,
  actAs: /^refused: /,
  host: /^refused: .*Expected an image path/,
  secret: /^taken; the operation fails: .*was not found/,
  image: /^taken; the operation fails: .*not found/,
};

/** Name of the variable with the path of a configuration that has an environment `conformance`. */
const variable = 'GODWIT_CONFORMANCE';

/** The real project that a configuration names, when there is one, else an emulator with a database of its own. */
export async function openSite(): Promise<Site> {
  const path = process.env[variable] ?? '';
  return path === '' ? await emulated() : real(path);
}

async function emulated(): Promise<Site> {
  const database = await createTestDatabase();
  const cloud = await buildCloud();
  const instance = 'conformance-db';
  const site = siteOf(cloud.environment('conformance', database.url, { instance }), cloud.env);
  const sql = cloud.emulator.seed.sqlInstance(site.terms.instance ?? '');
  // The job's account has no role for Cloud Run.
  cloud.emulator.iam.revoke(`serviceAccount:${site.terms.serviceAccount}`, 'run.executions.get');
  return {
    ...site,
    answers: emulatedAnswers,
    backups: () => sql.backups,
    async [Symbol.asyncDispose]() {
      await cloud[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

function real(path: string): Site {
  const config = JSON.parse(readFileSync(path, 'utf8')) as Config;
  const environment = config.environments?.['conformance'];
  if (typeof environment?.engine !== 'object')
    throw new Error(`${path} has no environment \`conformance\` with a cloud engine`);
  const inherited = Object.entries(process.env).filter(([name]) => /^(GOOGLE_|CLOUDSDK_|HOME$|PATH$)/.test(name));
  const env = Object.fromEntries(inherited.map(([name, value]) => [name, value ?? '']));
  const nothing = { answers: {}, backups: () => [], [Symbol.asyncDispose]: () => Promise.resolve() };
  return { ...siteOf(environment, env), ...nothing };
}

function siteOf(environment: EnvironmentConfig, env: Readonly<Record<string, string>>) {
  const { engine, database } = environment;
  if (typeof engine !== 'object') throw new Error('the environment has no cloud engine');
  const terms = cloudRunOptions({ name: 'conformance', config: engine, database, env });
  const google = createGoogle({
    endpoints: terms.endpoints,
    env,
    redactor: createRedactor(),
    quotaProject: terms.project,
    ...(terms.impersonate === undefined ? {} : { impersonate: terms.impersonate }),
  });
  const configuration = (more: Partial<CloudRunConfig> = {}): string =>
    JSON.stringify({ environments: { conformance: { ...environment, engine: { ...engine, ...more } } } });
  return { env, terms, google, configuration };
}
