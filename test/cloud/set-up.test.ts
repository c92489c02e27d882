import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmulator, type Emulator } from '../../emulator/start.ts';
import { repositoryOf } from '../../src/adapters/engines/cloud-run/job-image.ts';
import { cloudRunOptions } from '../../src/project/cloud-run-options.ts';
import type { CloudRunConfig } from '../../src/project/config-model.ts';
import { fencesOf, root } from '../docs/fences.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createGcloud } from '../support/gcloud.ts';
import { runScript } from '../support/page-shell.ts';
import { createProject, type TestProject } from '../support/project.ts';

// docs/cloud-run.md from its first command to its last, as a person would type it who has an empty project, an own
// region and nothing else. Names of the page are replaced where the page says so: in the first lines, and in step 7.

const page = 'docs/cloud-run.md';
const text = readFileSync(`${root}/${page}`, 'utf8');
const project = 'walk-test-7';
const region = 'europe-west1';
const owner = 'user:owner@example.com';
const person = 'user:ann@example.com';

type Network = 'connector' | 'direct';

/** All commands of the page, with one of the two ways into the network. */
function scriptOf(network: Network): string {
  const own: Readonly<Record<string, string>> = { PROJECT: project, REGION: region, WHO: person };
  return fencesOf(page)
    .filter(({ language, terms }) => language === 'sh' && (terms === '' || terms === network))
    .map((fence) => fence.text)
    .join('\n')
    .replaceAll(/^(PROJECT|REGION|WHO)=.*$/gm, (_, name: string) => `${name}=${own[name] ?? ''}`)
    .replaceAll('projects/acme-dev/', `projects/${project}/`);
}

/** The configuration of step 7 in this project and region, and what the page says to add for direct egress. */
function engineOf(network: Network): CloudRunConfig {
  const fence = fencesOf(page).find(({ terms }) => terms === 'file=godwit.config.json');
  const config = JSON.parse((fence?.text ?? '').replaceAll('acme-dev', project).replaceAll('us-central1', region)) as {
    environments: { dev: { engine: CloudRunConfig } };
  };
  const added = /For direct egress add `"network": (\{.*?\})`/.exec(text)?.[1] ?? '';
  return { ...config.environments.dev.engine, ...(network === 'direct' ? { network: JSON.parse(added) } : {}) };
}

interface Walk extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly godwit: TestProject;
  /** Walks to the end of the script, or to the first command that fails. */
  go(script: string): Promise<{ readonly status: number; readonly printed: string }>;
  /** Writes the configuration, with the emulator's registry in place of Artifact Registry's host. */
  configure(engine: CloudRunConfig, environment?: string): void;
  readonly env: Readonly<Record<string, string>>;
}

async function openWalk(network: Network): Promise<Walk> {
  const database: TestDatabase = await createTestDatabase();
  const emulator = await startEmulator({ execution: { kind: 'process' }, iam: { [owner]: ['*'] } });
  emulator.seed.emptyProject(project);
  // What the page takes for granted: a PostgreSQL with a private address.
  emulator.seed.sqlInstance(`${project}:${region}:dev-db`);
  const base = emulator.seed.baseImage();
  const godwit = createProject({ 'migrations/1_users.sql': 'create table users (id bigint primary key);' });
  const gcloud = createGcloud(emulator, { owner, person });
  const env = emulator.env(person);
  const configure = (engine: CloudRunConfig, environment = 'dev'): void => {
    const image = { base, repository: `${emulator.registry}/${project}/godwit` };
    const environments = { [environment]: { engine: { ...engine, image } } };
    godwit.write('godwit.config.json', JSON.stringify({ environments }));
  };
  configure(engineOf(network));
  return {
    emulator,
    godwit,
    env,
    configure,
    go: (script) =>
      runScript(script, {
        programs: ['gcloud', 'godwit'],
        typed: `${database.url}\n`,
        async perform({ program, words, input }) {
          if (program === 'gcloud') return await gcloud.run(words, input);
          const { principal, quotaProject = '' } = gcloud.credentials;
          const login = principal === person ? { ...env, GOOGLE_CLOUD_QUOTA_PROJECT: quotaProject } : {};
          const { exitCode, out, err } = await godwit.runWith(login, ...words);
          return { status: exitCode, text: `$ godwit ${words.join(' ')}\n${out}${err}` };
        },
      }),
    async [Symbol.asyncDispose]() {
      godwit[Symbol.dispose]();
      await emulator.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}

describe('docs/cloud-run.md, walked through from an empty project in europe-west1', () => {
  let walk: Walk;
  let end: Awaited<ReturnType<Walk['go']>>;
  beforeAll(async () => {
    walk = await openWalk('connector');
    end = await walk.go(scriptOf('connector'));
  });
  afterAll(async () => await walk[Symbol.asyncDispose]());

  test('D1: ends with a green `up` in the region of its first lines, and no job is left', () => {
    expect(end.status, end.printed).toBe(0);
    expect(end.printed).toMatch(/\$ godwit status -e dev[^]*1 pending[^]*\$ godwit up -e dev[^]*1 migration applied/);
    expect(end.printed).toContain(`Cloud Run ${project}/${region}`);
    expect(walk.emulator.state.jobs).toEqual([]);
  });

  test('D1: the repository of step 5 is where the configuration looks for one', async () => {
    const config = engineOf('connector');
    const options = cloudRunOptions({ name: 'dev', config, database: undefined, env: {} });
    expect(repositoryOf(options)).toBe(`${region}-docker.pkg.dev/${project}/godwit/runner`);
    const found = await fetch(`${walk.emulator.url}/v1/projects/${project}/locations/${region}/repositories/godwit`, {
      headers: { authorization: `Bearer ${walk.emulator.iam.token(owner)}` },
    });
    expect(found.status).toBe(200);
  });

  test('D1: the same configuration without its region is refused before a job is made (`connector-missing`)', async () => {
    const { region: _, ...rest } = engineOf('connector');
    walk.configure(rest);
    const { exitCode, err } = await walk.godwit.runWith(walk.env, 'status', '-e', 'dev', '--fresh');
    expect([exitCode, err]).toEqual([10, expect.stringContaining('[connector-missing]')]);
  });

  test('D2: without the role for quota the login step is refused, and nothing else that the page does', async () => {
    const without = scriptOf('connector').replace(' roles/serviceusage.serviceUsageConsumer', '');
    await using other = await openWalk('connector');
    const { status, printed } = await other.go(without);
    expect(status).toBe(1);
    expect(printed.trim().split('\n').at(-1)).toContain('lacks serviceusage.services.use');
  });

  test('D4: a default account of more than 30 characters is refused with the number (`service-account-missing`)', async () => {
    const name = 'preproduction-europe';
    walk.configure(engineOf('connector'), name);
    const { exitCode, err } = await walk.godwit.runWith(walk.env, 'status', '-e', name, '--fresh');
    expect(exitCode).toBe(10);
    expect(err.replaceAll(/\s+/g, ' ')).toContain('at most 30 characters, and this one has 33');
    const made = await walk.go(
      `gcloud config set project ${project}; gcloud iam service-accounts create ${name}-cloud-run-sa`,
    );
    expect([made.status, made.printed]).toEqual([1, expect.stringContaining('between 6 and 30')]);
  });

  test('D7: the page reads the ledger of the last month, which without `--freshness` would be one day', async () => {
    const { emulator } = walk;
    const write = {
      logName: `projects/${project}/logs/godwit-ledger`,
      resource: { type: 'global' },
      entries: [
        { timestamp: new Date(Date.now() - 3 * 86_400_000).toISOString(), jsonPayload: { message: 'three days old' } },
      ],
    };
    await fetch(`${emulator.url}/v2/entries:write`, {
      method: 'POST',
      headers: { authorization: `Bearer ${emulator.iam.token(owner)}`, 'content-type': 'application/json' },
      body: JSON.stringify(write),
    });
    const [line = ''] = /^gcloud logging read [^]*?[^\\]$/m.exec(scriptOf('connector')) ?? [];
    const read = async (script: string): Promise<string> =>
      (await walk.go(`gcloud config set project ${project}\n${script}`)).printed;
    expect(await read(line)).toContain('three days old');
    expect(await read(line.replace(/--freshness \S+/, ''))).not.toContain('three days old');
  });

  test('D11: impersonation needs an API that step 1 turns on, and its absence is told by name (`google-api-disabled`)', async () => {
    const account = `dev-cloud-run-sa@${project}.iam.gserviceaccount.com`;
    const { emulator } = walk;
    emulator.iam.grant(person, ['iam.serviceAccounts.getAccessToken']);
    walk.configure({ ...engineOf('connector'), impersonate: account });
    const asked = async () => (await walk.godwit.runWith(walk.env, 'status', '-e', 'dev', '--fresh')).err;
    expect(await asked()).not.toContain('iamcredentials.googleapis.com');
    emulator.seed.api(project, 'iamcredentials.googleapis.com', false);
    expect(await asked()).toContain('gcloud services enable iamcredentials.googleapis.com');
  });
});

test('D13: direct egress, the other way of step 2, ends with a green `up` too', async () => {
  await using walk = await openWalk('direct');
  const { status, printed } = await walk.go(scriptOf('direct'));
  expect(status, printed).toBe(0);
  expect(printed).toContain('1 migration applied');
  expect(walk.emulator.calls.filter(({ method }) => method.endsWith('GetConnector'))).toEqual([]);
});

// Numbers and limits of Google's documentation, which no emulator can show.
test.each([
  ['D3: how long the name of a connector may be', /at most 25 characters; a page of Google's says fewer than 21/],
  ['D4: how long the name of an account may be', /6 to 30 characters/],
  [
    'D5: when grants and groups take effect',
    /two minutes, sometimes after seven or more[^.]*\. A change of a group's members can take hours/,
  ],
  [
    'D6: what to do when a new account is not known yet',
    /says that it does not exist, repeat the command after a\s+minute/,
  ],
  ['D8: that billing must be on', /with billing turned on/],
  ['D9: what a job may cost at least', /0\.0011 if jobs are billed for at least a minute \(not verified\)/],
  [
    'D12: what is known of the permission for the time of recovery',
    /getLatestRecoveryTime` \| Google names no permission of its own/,
  ],
  [
    'D13: who needs a role in the host project of a shared VPC',
    /roles\/compute\.networkUser` in the host project to Cloud Run's service agent/,
  ],
  ['D13: how long direct egress may take', /with direct egress often after a minute or more/],
])('%s is on the page', (_, words) => {
  expect(text).toMatch(words);
});
