import { ExecutionsClient, JobsClient, TasksClient, type protos } from '@google-cloud/run';
import { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { describe, expect, test } from 'vitest';
import { startEmulator } from './start.ts';
import { transports } from './test-clients.ts';

const parent = 'projects/acme-dev/locations/us-central1';
const name = `${parent}/jobs/migrate`;

type Template = protos.google.cloud.run.v2.ITaskTemplate;

/** A job of one container that runs this JavaScript. */
function job(script: string, more: Template = {}, container: protos.google.cloud.run.v2.IContainer = {}) {
  const containers = [{ image: 'docker.io/library/node', command: ['node', '-e', script], ...container }];
  return { template: { template: { containers, maxRetries: 0, ...more } } };
}

describe.each(transports)('over %s the official clients', (_, optionsOf) => {
  test('create a job, run it with overrides, and read executions, tasks and exit codes', async () => {
    await using cloud = await startEmulator();
    const options = await optionsOf(cloud);
    const [jobs, executions, tasks] = [
      new JobsClient(options),
      new ExecutionsClient(options),
      new TasksClient(options),
    ];
    const env = [{ name: 'CODE', value: '3' }];
    const wanted = job('process.exit(Number(process.env.CODE))', {}, { env });
    const [create] = await jobs.createJob({ parent, jobId: 'migrate', job: wanted });
    const [made] = await create.promise();
    expect(made.template?.template).toMatchObject({ maxRetries: 0, timeout: { nanos: 0 } });
    expect(Number(made.template?.template?.timeout?.seconds)).toBe(600);
    await expect(jobs.createJob({ parent, jobId: 'migrate', job: wanted })).rejects.toThrow('already exists');

    const overrides = { containerOverrides: [{ env: [{ name: 'CODE', value: '0' }] }], taskCount: 3 };
    const [run] = await jobs.runJob({ name, overrides });
    expect((run.metadata as { name: string }).name).toMatch(/\/executions\/migrate-\w{5}$/);
    const [execution] = await run.promise();
    expect(execution).toMatchObject({ succeededCount: 3, taskCount: 3, template: { maxRetries: 0 } });

    const [failing] = await jobs.runJob({ name });
    await expect(failing.promise()).rejects.toThrow('exit(3)');
    const [all] = await executions.listExecutions({ parent: name });
    expect(all).toHaveLength(2);
    const [attempts] = await tasks.listTasks({ parent: all[0]?.name ?? '' });
    expect(attempts[0]?.lastAttemptResult).toMatchObject({ exitCode: 3 });
    expect(all[0]?.conditions?.[0]).toMatchObject({ type: 'Completed', executionReason: 'NON_ZERO_EXIT_CODE' });

    const [removal] = await jobs.deleteJob({ name });
    await removal.promise();
    await expect(jobs.getJob({ name })).rejects.toThrow('does not exist');
    expect(cloud.state.jobs).toEqual([]);
  });

  test('get three retries where they leave the number out', async () => {
    await using cloud = await startEmulator();
    const jobs = new JobsClient(await optionsOf(cloud));
    const { template } = job('console.log(process.env.CLOUD_RUN_TASK_ATTEMPT); process.exit(1)');
    delete (template.template as Template).maxRetries;
    const [create] = await jobs.createJob({ parent, jobId: 'migrate', job: { template } });
    const [made] = await create.promise();
    expect(made.template?.template?.maxRetries).toBe(3);
    const [run] = await jobs.runJob({ name });
    await expect(run.promise()).rejects.toThrow('exit(1)');
    const lines = cloud.state.logs.flatMap((entry) =>
      JSON.stringify(entry['logName']).includes('stdout') ? entry['textPayload'] : [],
    );
    expect(lines).toEqual(['0', '1', '2', '3']);
    expect(cloud.state.executions[0]).toMatchObject({ failedCount: 1, retriedCount: 3 });
  });

  test('keep a secret, and a job reads the version that it names', async () => {
    await using cloud = await startEmulator();
    const options = await optionsOf(cloud);
    const [jobs, secrets] = [new JobsClient(options), new SecretManagerServiceClient(options)];
    const secret = { replication: { automatic: {} } };
    const [made] = await secrets.createSecret({ parent: 'projects/acme-dev', secretId: 'url', secret });
    for (const value of ['first', 'second'])
      await secrets.addSecretVersion({ parent: made.name ?? '', payload: { data: Buffer.from(value) } });
    const [read] = await secrets.accessSecretVersion({ name: `${made.name}/versions/latest` });
    expect([read.name, String(read.payload?.data)]).toEqual(['projects/acme-dev/secrets/url/versions/2', 'second']);

    const env = [{ name: 'URL', valueSource: { secretKeyRef: { secret: 'url', version: '1' } } }];
    const wanted = job('process.exit(process.env.URL === "first" ? 0 : 1)', {}, { env });
    const [create] = await jobs.createJob({ parent, jobId: 'migrate', job: wanted });
    await create.promise();
    const [run] = await jobs.runJob({ name });
    await expect(run.promise()).resolves.toMatchObject([{ succeededCount: 1 }, {}, {}]);
    await secrets.disableSecretVersion({ name: `${made.name}/versions/1` });
    const [again] = await jobs.runJob({ name });
    await expect(again.promise()).rejects.toThrow('DISABLED');
  });

  test('cancel an execution, which ends as cancelled', async () => {
    await using cloud = await startEmulator();
    const options = await optionsOf(cloud);
    const [jobs, executions] = [new JobsClient(options), new ExecutionsClient(options)];
    const wanted = { ...job('setInterval(() => undefined, 1000); console.log("up")'), startExecutionToken: 'one' };
    const [create] = await jobs.createJob({ parent, jobId: 'migrate', job: wanted });
    await create.promise();
    await expect.poll(() => cloud.state.logs.length, { timeout: 120_000 }).toBe(1);
    const [cancel] = await executions.cancelExecution({ name: `${name}/executions/migrate-one` });
    const [ended] = await cancel.promise();
    expect(ended.cancelledCount).toBe(1);
    const [read] = await executions.getExecution({ name: `${name}/executions/migrate-one` });
    expect(read.conditions?.[0]).toMatchObject({ type: 'Completed', executionReason: 'CANCELLED' });
    const [known] = await jobs.getJob({ name });
    expect(known.latestCreatedExecution).toMatchObject({
      name: 'migrate-one',
      completionStatus: 'EXECUTION_CANCELLED',
    });
  });
});
