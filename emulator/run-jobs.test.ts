import { ExecutionsClient, JobsClient, TasksClient } from '@google-cloud/run';
import { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { expect, test } from 'vitest';
import { clientOptions } from './test-clients.ts';
import { startEmulator } from './start.ts';

const parent = 'projects/acme-dev/locations/us-central1';

test('the official client creates a job, runs it with overrides, and reads executions, tasks and exit codes', async () => {
  await using cloud = await startEmulator();
  const options = clientOptions(cloud);
  const [jobs, executions, tasks] = [new JobsClient(options), new ExecutionsClient(options), new TasksClient(options)];
  const [create] = await jobs.createJob({
    parent,
    jobId: 'migrate',
    job: {
      template: {
        template: {
          containers: [
            {
              image: 'any',
              command: ['node', '-e', 'process.exit(Number(process.env.CODE))'],
              env: [{ name: 'CODE', value: '3' }],
            },
          ],
          maxRetries: 0,
        },
      },
    },
  });
  const [job] = await create.promise();
  expect(job.template?.template?.maxRetries).toBe(0);
  const [run] = await jobs.runJob({
    name: `${parent}/jobs/migrate`,
    overrides: { containerOverrides: [{ env: [{ name: 'CODE', value: '0' }] }], taskCount: 3 },
  });
  const [execution] = await run.promise();
  expect(execution).toMatchObject({ succeededCount: 3, taskCount: 3 });
  const [failed] = await jobs.runJob({ name: `${parent}/jobs/migrate` });
  await expect(failed.promise()).rejects.toThrow('exit(3)');
  const [list] = await executions.listExecutions({ parent: `${parent}/jobs/migrate` });
  expect(list).toHaveLength(2);
  const [attempts] = await tasks.listTasks({ parent: list[0]?.name ?? '' });
  expect(attempts[0]?.lastAttemptResult).toMatchObject({ exitCode: 3 });
  const [removal] = await jobs.deleteJob({ name: `${parent}/jobs/migrate` });
  await removal.promise();
  await expect(jobs.getJob({ name: `${parent}/jobs/migrate` })).rejects.toThrow('does not exist');
});

test('the official Secret Manager client creates a secret, adds a version and reads it', async () => {
  await using cloud = await startEmulator();
  const secrets = new SecretManagerServiceClient(clientOptions(cloud));
  const [secret] = await secrets.createSecret({
    parent: 'projects/acme-dev',
    secretId: 'url',
    secret: { replication: { automatic: {} } },
  });
  await secrets.addSecretVersion({ parent: secret.name ?? '', payload: { data: Buffer.from('a value') } });
  const [read] = await secrets.accessSecretVersion({ name: `${secret.name}/versions/latest` });
  expect(String(read.payload?.data)).toBe('a value');
  expect(read.name).toBe('projects/acme-dev/secrets/url/versions/1');
});
