import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LedgerEntry } from '../../src/migrate/contract/engine.ts';
import type { CloudRunConfig } from '../../src/project/config-model.ts';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

/** What an engine of the old kind met, by the numbers of the catalogue of its failures. */
interface Failure {
  /** What is wrong, in the words of the case. */
  readonly what: string;
  readonly code: string | RegExp;
  readonly exitCode: number;
  /** What the cause and the fix name in this very case. */
  readonly says: readonly (string | RegExp)[];
  /** The secret's value, made of the database's own. */
  readonly url?: (url: URL) => string;
  /** What the emulator does. */
  readonly plan?: (cloud: Cloud) => void;
  /** Changes to the environment's configuration; REGISTRY stands for that of the emulator. */
  readonly engine?: Partial<CloudRunConfig>;
  readonly database?: { readonly secret: string };
  readonly argv?: readonly string[];
  /** A job was made for it, or never one. */
  readonly jobs: 'some' | 'none';
  /** The run reached the history of the database. */
  readonly recorded?: true;
}

const connector = 'projects/acme-dev/locations/us-central1/connectors/dev-cloud-run-connector';

function at(change: (url: URL) => void): (url: URL) => string {
  return (url) => {
    change(url);
    return url.href;
  };
}

const failures: Readonly<Record<string, Failure>> = {
  F01: {
    what: 'the secret holds the socket form of the proxy',
    code: 'url-socket',
    exitCode: 2,
    says: ['/cloudsql/acme-dev:us-central1:dev-db', /private (IP|address)/],
    url: ({ username, password, pathname }) =>
      `postgresql://${username}:${password}@${pathname}?host=/cloudsql/acme-dev:us-central1:dev-db`,
    jobs: 'some',
  },
  F02: {
    what: 'the database never answers',
    code: 'connection-timeout',
    exitCode: 30,
    says: ['127.0.0.1:'],
    url: at((url) => (url.port = String(silent.port))),
    jobs: 'some',
  },
  'F03, F04': {
    what: 'the connector does not exist',
    code: 'connector-missing',
    exitCode: 10,
    says: ['dev-cloud-run-conector', 'dev-cloud-run-connector'],
    engine: { network: { connector: 'dev-cloud-run-conector' } },
    jobs: 'none',
  },
  'F03 (state)': {
    what: 'the connector has failed',
    code: 'connector-not-ready',
    exitCode: 10,
    says: ['ERROR', 'delete dev-cloud-run-connector'],
    plan: ({ emulator }) => emulator.seed.connector(connector, 'ERROR'),
    jobs: 'none',
  },
  'F03 (access)': {
    what: 'the platform may not use the connector',
    code: 'network-refused',
    exitCode: 10,
    says: [],
    plan: ({ emulator }) => emulator.faults.onExecution({ connector: 'missing' }),
    jobs: 'some',
  },
  F05: {
    what: 'the API of connectors is switched off',
    code: 'google-api-disabled',
    exitCode: 10,
    says: ['gcloud services enable vpcaccess.googleapis.com'],
    plan: ({ emulator }) => emulator.seed.api('acme-dev', 'vpcaccess.googleapis.com', false),
    jobs: 'none',
  },
  'F05 (run)': {
    what: 'the API of Cloud Run is switched off',
    code: 'google-api-disabled',
    exitCode: 10,
    says: ['gcloud services enable run.googleapis.com'],
    plan: ({ emulator }) => emulator.seed.api('acme-dev', 'run.googleapis.com', false),
    jobs: 'none',
  },
  F06: {
    what: 'the image is gone when the job starts',
    code: 'image-refused',
    exitCode: 10,
    says: ['acme-dev/godwit/runner@sha256:'],
    plan: ({ emulator }) => emulator.faults.onExecution({ image: 'missing' }),
    jobs: 'some',
  },
  'F06 (base)': {
    what: 'the base image is nowhere',
    code: 'image-missing',
    exitCode: 10,
    says: ['library/node', 'never-pushed'],
    engine: { image: { base: 'REGISTRY/library/node:never-pushed', repository: 'REGISTRY/acme-dev/godwit' } },
    jobs: 'none',
  },
  F07: {
    what: 'the migration file is nowhere',
    code: 'file-unreadable',
    exitCode: 10,
    says: ['backend/migrations/enterprise.sql'],
    argv: ['up', '-e', 'dev', '--file', 'backend/migrations/enterprise.sql'],
    jobs: 'none',
  },
  F08: {
    what: 'the secret has another name',
    code: 'secret-missing',
    exitCode: 10,
    says: ['DEV_DB_PASSWORD', 'database-url-dev'],
    database: { secret: 'DEV_DB_PASSWORD' },
    jobs: 'none',
  },
  F09: {
    what: 'the name of the variable is taken for that of the secret',
    code: 'secret-missing',
    exitCode: 10,
    says: ['DATABASE_URL', 'database-url-dev'],
    database: { secret: 'DATABASE_URL' },
    jobs: 'none',
  },
  'F09 (access)': {
    what: 'the account of the job may not read the secret',
    code: 'secret-refused',
    exitCode: 10,
    says: ['roles/secretmanager.secretAccessor', 'dev-cloud-run-sa@acme-dev.iam.gserviceaccount.com'],
    plan: ({ emulator }) => emulator.faults.onExecution({ secret: 'denied' }),
    jobs: 'some',
  },
  F21: {
    what: 'the address is one of IPv6, where there is none',
    // ENETUNREACH or EHOSTUNREACH, as the machine has it.
    code: /no-route|host-unreachable/,
    exitCode: 30,
    says: ['2001:db8::1', 'The job cannot reach the network'],
    url: at((url) => (url.hostname = '[2001:db8::1]')),
    jobs: 'some',
  },
  F22: {
    what: 'the host has no address',
    code: 'host-not-found',
    exitCode: 30,
    says: ['db.example.invalid'],
    url: at((url) => (url.hostname = 'db.example.invalid')),
    jobs: 'some',
  },
  F23: {
    what: 'the secret names the job itself',
    code: 'url-localhost',
    exitCode: 2,
    says: ['127.0.0.1:1', 'version'],
    url: at((url) => (url.port = '1')),
    jobs: 'some',
  },
  F24: {
    what: 'TLS is asked for, and the server has none',
    code: 'tls-unsupported',
    exitCode: 30,
    says: ['sslmode'],
    url: at((url) => url.searchParams.set('sslmode', 'require')),
    jobs: 'some',
  },
  F25: {
    what: 'the password is another one',
    code: 'password-refused',
    exitCode: 30,
    says: [/password/],
    url: at((url) => (url.password = 'stale')),
    jobs: 'some',
  },
  'F26 (role)': {
    what: 'the role does not exist',
    code: 'password-refused',
    exitCode: 30,
    says: ['vividly_nobody'],
    url: at((url) => (url.username = 'vividly_nobody')),
    jobs: 'some',
  },
  'F26 (database)': {
    what: 'the database does not exist',
    code: 'database-missing',
    exitCode: 30,
    says: ['vividly_nowhere'],
    url: at((url) => (url.pathname = '/vividly_nowhere')),
    jobs: 'some',
  },
  F27: {
    what: 'the role may not create in schema public',
    code: 'statement-failed',
    exitCode: 40,
    says: ['permission denied for schema public (SQLSTATE 42501)', 'Grant the privilege to the role'],
    recorded: true,
    url: at((url) => {
      const address = new URL(poor);
      [url.username, url.password] = [address.username, address.password];
    }),
    jobs: 'some',
  },
};

/** A server that takes connections and never says a word. */
const silent = { port: 0, server: createServer(() => {}) };
let database: TestDatabase;
let poor = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => silent.server.listen(0, '127.0.0.1', resolve));
  silent.port = (silent.server.address() as AddressInfo).port;
  silent.server.unref();
  database = await createTestDatabase();
  const role = await database.role('poor');
  await database.query(
    `revoke create on schema public from public; grant create on database ${database.name} to ${role.name}`,
  );
  poor = role.url;
});

afterAll(async () => {
  silent.server.close();
  await database.drop();
});

test.concurrent.each(Object.entries(failures).map(([number, failure]) => ({ number, ...failure })))(
  '$number, $what: $code, with its cause and its fix, no job left, and the truth written down',
  async (failure) => {
    // A job is patient for two minutes, which a test is not.
    await using cloud = await buildCloud({ execution: { kind: 'process', env: { GODWIT_CONNECT_BUDGET: '1s' } } });
    using project = createProject({ 'migrations/1_t.sql': 'create table failures (n int);' }, undefined, cloud.env);
    const url = failure.url?.(new URL(database.url)) ?? database.url;
    const environment = {
      ...cloud.environment('dev', url, failure.engine),
      ...(failure.database && { database: failure.database }),
    };
    const config = JSON.stringify({ environments: { dev: environment } });
    project.write('godwit.config.json', config.replaceAll('REGISTRY', cloud.emulator.registry));
    failure.plan?.(cloud);

    const ran = await project.run(...(failure.argv ?? ['up', '-e', 'dev']));

    expect([ran.exitCode, ran.err]).toEqual([failure.exitCode, expect.stringMatching(inBrackets(failure.code))]);
    for (const words of failure.says) expect(ran.err).toMatch(words);
    expect(cloud.leaked()).toEqual([]);
    const jobs = cloud.emulator.calls.filter(({ method, status }) => method.endsWith('CreateJob') && status === 'OK');
    expect(jobs.length > 0 ? 'some' : 'none').toBe(failure.jobs);
    for (const entry of ledger(project)) {
      expect(entry).toMatchObject({
        exitCode: failure.exitCode,
        recorded: failure.recorded ?? false,
        environment: 'dev',
      });
      expect(entry.failure).toMatch(failure.code);
      expect(entry.finishedAt).toBeDefined();
    }
    expect(ledger(project)).toHaveLength(failure.argv === undefined ? 1 : 0);
    const { rows } = await (await database.connect()).query("select to_regclass('failures') as made");
    expect(rows).toEqual([{ made: null }]);
  },
  240_000,
);

function ledger(project: TestProject): readonly LedgerEntry[] {
  const folder = join(project.folder, '.godwit', 'runs');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as LedgerEntry);
}

function inBrackets(code: string | RegExp): RegExp {
  return new RegExp(String.raw`\[(${code instanceof RegExp ? code.source : code})\]`);
}
