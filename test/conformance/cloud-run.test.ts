import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listAll } from '../../src/adapters/google/operations.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { openSite, type Site } from './site.ts';

/**
 * What godwit takes for granted about Cloud Run, Secret Manager, Cloud Logging and the registry, asked of them. In
 * `npm test` the emulator answers; `npm run conformance:gcp -- FILE` asks a real project the same.
 */

const files = {
  'migrations/1_orders.sql': 'create table godwit_conformance_orders (id int primary key, note text);',
  'migrations/1_orders.down.sql': 'drop table godwit_conformance_orders;',
  'migrations/2_seed.sql': "insert into godwit_conformance_orders values (1, 'ümlaut ✓'), (2, null);",
  'migrations/2_seed.down.sql': 'delete from godwit_conformance_orders;',
};

const broken = { ...files, 'migrations/3_wrong.sql': 'create table godwit_conformance_more (id int);\nselect 1 / 0;' };

interface Job {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly deleteTime?: string;
  readonly template?: { readonly template?: { readonly maxRetries?: number; readonly timeout?: string } };
  readonly latestCreatedExecution?: { readonly name?: string };
}

const patience = 15 * 60_000;

describe('Cloud Run', () => {
  let site: Site;
  const projects: TestProject[] = [];
  let close = async (): Promise<void> => {};
  const machine = (contents: Readonly<Record<string, string>>, more = {}): TestProject => {
    const project = createProject({ ...contents, 'godwit.config.json': site.configuration(more) }, undefined, site.env);
    projects.push(project);
    return project;
  };
  const jobs = async (): Promise<readonly Job[]> => {
    const path = `v2/projects/${site.terms.project}/locations/${site.terms.region}/jobs`;
    const listed = await listAll<Job>(site.google, { service: 'run', path, field: 'jobs', most: 1_000 });
    if (!listed.ok) throw new Error(listed.error.message);
    return listed.value.filter(
      ({ labels, deleteTime }) => labels?.['godwit-env'] === 'conformance' && (deleteTime ?? '') === '',
    );
  };

  beforeAll(async () => {
    site = await openSite();
    close = async () => await site[Symbol.asyncDispose]();
  }, patience);

  afterAll(async () => {
    const [project] = projects;
    await project?.run('down', '-e', 'conformance', '--to', '0', '--allow-row-loss', '10');
    for (const one of projects) one[Symbol.dispose]();
    await close();
  }, patience);

  test(
    'a run from a machine without a way to the database applies, verifies, records, and leaves no job',
    async () => {
      const { exitCode, err } = await machine(files).run('up', '-e', 'conformance', '--yes');
      expect(err).toContain('2 migrations applied');
      expect(exitCode).toBe(0);
      expect(await jobs()).toEqual([]);
    },
    patience,
  );

  test(
    'another machine sees that run without an execution, and asks the database when it is told to',
    async () => {
      const project = machine(files);
      const known = await project.run('status', '-e', 'conformance');
      expect(known.shown).toContain('as of');
      const fresh = await project.run('status', '-e', 'conformance', '--fresh', '--json');
      expect(fresh.json[0]).toMatchObject({ exitCode: 0, pending: 0 });
    },
    patience,
  );

  test(
    'the events come whole through the log, and say what the task’s exit code says',
    async () => {
      const { json, exitCode } = await machine(broken).run('up', '-e', 'conformance', '--yes', '--json');
      const last = json.at(-1);
      expect(exitCode).toBe(40);
      expect(last).toMatchObject({ kind: 'run.finished', exitCode: 40 });
      const failed = json.find(({ kind }) => kind === 'migration.failed');
      expect(failed).toMatchObject({
        finding: { where: { file: 'migrations/3_wrong.sql', line: 2 }, code: 'statement-failed' },
      });
      expect(await jobs()).toEqual([]);
    },
    patience,
  );

  test(
    'a stable job stays, never repeats a task, and has a limit of time',
    async () => {
      const { exitCode } = await machine(files, { job: 'stable' }).run('verify', '-e', 'conformance', '--fresh');
      expect(exitCode).toBe(0);
      const [job, ...others] = await jobs();
      expect(others).toEqual([]);
      // Written out, since the platform's own default is 3.
      expect(job?.template?.template?.maxRetries ?? 0).toBe(0);
      expect(job?.template?.template?.timeout).toMatch(/^\d+s$/);
      expect(job?.latestCreatedExecution?.name ?? '').not.toBe('');
      await site.google.call({ service: 'run', method: 'DELETE', path: `v2/${job?.name ?? ''}`, idempotent: true });
    },
    patience,
  );

  test.each([
    ['a secret that is not there', 'secret-missing', {}, { secret: 'godwit-conformance-absent' }],
    [
      'an account that is not there',
      'service-account-missing',
      { serviceAccount: 'godwit-absent@PROJECT.iam.gserviceaccount.com' },
      undefined,
    ],
    ['a connector that is not there', 'connector-missing', { network: { connector: 'godwit-absent' } }, undefined],
  ] as const)(
    '%s is named before a job is made',
    async (_, code, more, database) => {
      const text = JSON.stringify(more).replace('PROJECT', site.terms.project);
      const config = JSON.parse(site.configuration(JSON.parse(text))) as {
        environments: { conformance: Record<string, unknown> };
      };
      if (database !== undefined) config.environments.conformance['database'] = database;
      const project = machine(files);
      project.write('godwit.config.json', JSON.stringify(config));
      const { exitCode, shown } = await project.run('verify', '-e', 'conformance', '--fresh');
      expect(shown).toContain(`[${code}]`);
      expect(exitCode).toBe(10);
      expect(await jobs()).toEqual([]);
    },
    patience,
  );

  test(
    'what was applied can be taken back by the same way',
    async () => {
      const project = machine(files);
      const { exitCode } = await project.run(
        'down',
        '-e',
        'conformance',
        '--to',
        '0',
        '--yes',
        '--allow-row-loss',
        '10',
      );
      expect(exitCode).toBe(0);
      expect(await jobs()).toEqual([]);
    },
    patience,
  );
});
