import { expect } from 'vitest';
import {
  canaryFiles,
  canaryIn,
  canaryPassword,
  historyOf,
  secondKernel as kernel,
  watchProcesses,
} from '../support/canary.ts';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { shippedGodwit, startProgram } from '../support/running.ts';
import { test } from '../support/test.ts';

type Places = Readonly<Record<string, string | Uint8Array>>;

const files = {
  'migrations/1_t.sql': 'create table t (n int);\ninsert into t values (1);',
  'migrations/1_t.down.sql': 'drop table t;',
};
/** In place of the path of a file. */
const keyOfAccount = JSON.stringify({ type: 'service_account', private_key_id: kernel, private_key: `${kernel}\n` });
/** The server says the password itself, in an error and in a notice. */
const told = `do $$ begin raise warning 'as in %', leak(); raise exception 'said %', leak(); end $$;`;

const commands: readonly (readonly [exitCode: number, ...argv: string[]])[] = [
  [0, 'up', '-e', 'dev'],
  [0, 'status', '-e', 'dev', '--fresh', '--json'],
  [0, 'verify', '-e', 'dev', '--fresh'],
  [0, 'plan', '-e', 'dev', '--out', 'dev.plan.json'],
  [0, 'up', '-e', 'stable', '--json'],
  [30, 'up', '-e', 'gone'],
  [30, 'status', '-e', 'wrong', '--fresh'],
  [2, 'up', '-e', 'socket'],
  [0, 'runs', 'list', '-e', 'dev', '--fresh', '--json'],
  [0, 'down', '-e', 'dev', '--to', '0', '--allow-row-loss', '9'],
];

test('a password with every special character is in no byte of output, log, job, image, process, history or ledger', async ({
  database,
}) => {
  await using cloud = await buildCloud({ execution: { kind: 'process', env: { GODWIT_CONNECT_BUDGET: '1s' } } });
  using project = createProject(files);
  await using second = await createTestDatabase();
  const url = await canaryUrl(database);
  project.write('godwit.config.json', JSON.stringify({ environments: environmentsOf(cloud, url, second.name) }));
  const docker = { auths: { [cloud.emulator.registry]: { auth: btoa(`ann:${kernel}`) } } };
  project.write('.docker/config.json', JSON.stringify(docker));
  const usual = {
    ...cloud.env,
    GOOGLE_OAUTH_ACCESS_TOKEN: `ya29.${kernel}`,
    GODWIT_CACHE: `${project.folder}/.cache`,
    TMPDIR: `${project.folder}/.tmp`,
    GODWIT_DEBUG: '1',
  };
  project.write('.tmp/nothing', '');
  const places: Record<string, string | Uint8Array> = {};
  const run = async (exitCode: number, argv: readonly string[], more = {}): Promise<void> => {
    const env = { ...usual, ...more };
    const started = [process.execPath, shippedGodwit, ...argv];
    // Only some need a process of their own: it takes time to start one.
    const ran = argv.includes('--json')
      ? await project.runWith(env, ...argv)
      : await startProgram(started, { cwd: project.folder, env }).ended;
    places[`output of ${argv.join(' ')}`] = `${ran.out}\n${ran.err}`;
    expect.soft(ran.exitCode, `${argv.join(' ')}\n${ran.err}`).toBe(exitCode);
  };
  const watch = watchProcesses(project.folder);
  const jobs = setInterval(() => {
    for (const job of cloud.emulator.state.jobs) places[`job ${job['name'] as string}`] = JSON.stringify(job);
  }, 20);

  // The next run that reaches the database carries these attempts into its history.
  for (const credentials of [keyOfAccount, btoa(keyOfAccount)])
    await run(2, ['up', '-e', 'dev'], {
      GOOGLE_OAUTH_ACCESS_TOKEN: '',
      GOOGLE_APPLICATION_CREDENTIALS: credentials,
    });
  await run(2, ['up', '-e', 'dev', '--json'], { GOOGLE_OAUTH_ACCESS_TOKEN: `ya29.${kernel}\nmore` });
  for (const [exitCode, ...argv] of commands) await run(exitCode, argv);
  await database.query(`create function leak() returns text language sql as $$ select ${literal(canaryPassword)} $$`);
  project.write('migrations/2_told.sql', told);
  await run(40, ['up', '-e', 'dev', '--to', '2']);

  clearInterval(jobs);
  watch.stop();
  Object.assign(places, cloudPlaces(cloud), await historyOf(database));
  const found = Object.entries(places).map(([place, content]) => [place, canaryIn(content)] as const);
  expect(found.filter(([, how]) => how !== undefined)).toEqual([]);
  expect(canaryFiles(project.folder).filter((file) => !file.includes('.docker'))).toEqual([]);
  expect(watch.found()).toEqual([]);
  // The eyes were open: tasks had it, jobs and images were seen.
  expect(watch.tasks() > 0 || process.platform !== 'linux').toBe(true);
  for (const what of ['job', 'blob', 'manifest', 'log', 'godwit.run'])
    expect(Object.keys(places).join()).toContain(what);
}, 600_000);

/** Of a role that may do all, with the password. */
async function canaryUrl(database: TestDatabase): Promise<URL> {
  const { name, url } = await database.role('canary', 'SUPERUSER');
  await database.query(`alter role ${name} password ${literal(canaryPassword)}`);
  const address = new URL(url);
  return new URL(`postgresql://${name}:${encodeURIComponent(canaryPassword)}@${address.host}${address.pathname}`);
}

function environmentsOf(cloud: Cloud, url: URL, second: string): unknown {
  const other = (change: (url: URL) => void): string => {
    const changed = new URL(url);
    change(changed);
    return changed.href;
  };
  return {
    dev: cloud.environment('dev', url.href),
    stable: cloud.environment(
      'stable',
      other((changed) => (changed.pathname = `/${second}`)),
      { job: 'stable' },
    ),
    gone: cloud.environment(
      'gone',
      other((changed) => (changed.pathname = '/nowhere')),
    ),
    wrong: cloud.environment(
      'wrong',
      other((changed) => (changed.username = 'postgres')),
    ),
    socket: cloud.environment('socket', url.href.replace(`${url.host}/`, '/').concat('?host=/cloudsql/a:b:c')),
  };
}

/** All that the emulated cloud has got to see. */
function cloudPlaces({ emulator }: Cloud): Places {
  const { blobs, repositories } = emulator.images!.store;
  const manifests = [...repositories].flatMap(([name, { manifests }]) =>
    [...manifests.values()].map(({ digest, bytes }) => [`manifest ${name}@${digest}`, bytes] as const),
  );
  return {
    ...Object.fromEntries([...blobs].map(([digest, bytes]) => [`blob ${digest}`, bytes])),
    ...Object.fromEntries(manifests),
    ...Object.fromEntries(emulator.state.logs.map((entry, index) => [`log ${index}`, JSON.stringify(entry)])),
    calls: JSON.stringify(emulator.calls),
    jobs: JSON.stringify(emulator.state.jobs),
    executions: JSON.stringify(emulator.state.executions),
  };
}

function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('$', '\\x24')}'`;
}
