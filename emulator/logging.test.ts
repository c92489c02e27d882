import { Logging } from '@google-cloud/logging';
import { JobsClient } from '@google-cloud/run';
import { expect, test } from 'vitest';
import { clientOptions } from './test-clients.ts';
import { startEmulator, type Emulator } from './start.ts';

const parent = 'projects/acme-dev/locations/us-central1';

async function runLines(cloud: Emulator, lines: readonly string[]): Promise<void> {
  const jobs = new JobsClient(clientOptions(cloud));
  const command = ['node', '-e', `for (const line of ${JSON.stringify(lines)}) console.log(line)`];
  const template = { template: { containers: [{ image: 'any', command }], maxRetries: 0 } };
  const [create] = await jobs.createJob({ parent, jobId: 'talk', job: { template, startExecutionToken: 'once' } });
  await create.promise();
  await expect.poll(() => cloud.state.executions[0]?.['completionTime'], { timeout: 120_000 }).toBeDefined();
}

test('the lines of a task become entries with the severity lifted, found by a filter with labels', async () => {
  await using cloud = await startEmulator();
  await runLines(cloud, [
    '{"severity":"WARNING","message":"m","godwit":"{\\"n\\":1}"}',
    'plain',
    '{"severity":"info","message":"only"}',
  ]);
  const filter = [
    'resource.type="cloud_run_job"',
    'resource.labels.job_name="talk"',
    'labels."run.googleapis.com/execution_name"="talk-once"',
    'timestamp>="2020-01-01T00:00:00Z"',
    '(severity>=WARNING OR textPayload:"plain")',
  ].join(' AND ');
  const found = await post(cloud, 'v2/entries:list', { resourceNames: ['projects/acme-dev'], filter, pageSize: 1 });
  expect(found.entries).toHaveLength(1);
  expect(found.entries[0]).toMatchObject({
    severity: 'WARNING',
    jsonPayload: { message: 'm', godwit: '{"n":1}' },
    resource: { type: 'cloud_run_job', labels: { project_id: 'acme-dev', location: 'us-central1', job_name: 'talk' } },
    labels: { 'run.googleapis.com/task_index': '0' },
  });
  const rest = await post(cloud, 'v2/entries:list', {
    resourceNames: ['projects/acme-dev'],
    filter,
    pageSize: 5,
    pageToken: found.nextPageToken,
  });
  expect(rest.entries.map((entry) => entry['textPayload'])).toEqual(['plain']);
  expect(cloud.state.logs.at(-1)).toMatchObject({ textPayload: 'only', severity: 'INFO' });
});

test('lost, doubled and late lines are what the plan says', async () => {
  await using cloud = await startEmulator();
  cloud.faults.onLogs({ lose: [2], duplicate: true, lagMs: 60_000 });
  await runLines(cloud, ['a', 'b', 'c']);
  expect(cloud.state.logs.map((entry) => entry['textPayload'])).toEqual(['a', 'a', 'c', 'c']);
  const seen = await post(cloud, 'v2/entries:list', { resourceNames: ['projects/acme-dev'] });
  expect(seen.entries ?? []).toEqual([]);
});

test('a page without entries leads to the next one', async () => {
  await using cloud = await startEmulator();
  await runLines(cloud, ['a']);
  cloud.faults.onLogs({ emptyPages: 1 });
  const request = { resourceNames: ['projects/acme-dev'], filter: 'timestamp>="2020-01-01T00:00:00Z"' };
  const first = await once(cloud, 'v2/entries:list', request);
  expect(first.entries).toBeUndefined();
  const next = await once(cloud, 'v2/entries:list', { ...request, pageToken: first.nextPageToken });
  expect(next.entries).toHaveLength(1);
  // Without a bound in time, more of them come before.
  const unbounded = { resourceNames: ['projects/acme-dev'] };
  const second = await once(cloud, 'v2/entries:list', { ...unbounded, pageToken: first.nextPageToken });
  expect(second.entries).toHaveLength(1);
  expect(await once(cloud, 'v2/entries:list', unbounded)).toEqual({ nextPageToken: 'search-2' });
});

test('the official Logging client writes entries and reads them back', async () => {
  await using cloud = await startEmulator();
  const logging = new Logging({ ...clientOptions(cloud), fallback: true } as never);
  const log = logging.log('ledger');
  const labels = { 'godwit-env': 'dev' };
  await log.write(log.entry({ resource: { type: 'global' }, labels }, { entry: '{"run":"1"}' }));
  const [entries] = await logging.getEntries({
    filter: 'labels."godwit-env"="dev"',
    resourceNames: ['projects/acme-dev'],
  });
  expect(entries.map((entry) => entry.data as unknown)).toEqual([{ entry: '{"run":"1"}' }]);
});

interface Entries {
  readonly entries: readonly Readonly<Record<string, unknown>>[];
  readonly nextPageToken?: string;
}

/** The first page with entries, if there are any. */
async function post(cloud: Emulator, path: string, body: object): Promise<Entries> {
  for (let page = await once(cloud, path, body); ;) {
    if (page.entries !== undefined || (page.nextPageToken ?? '') === '') return page;
    page = await once(cloud, path, { ...body, pageToken: page.nextPageToken });
  }
}

async function once(cloud: Emulator, path: string, body: object): Promise<Entries> {
  const answer = await fetch(`${cloud.url}/${path}`, { method: 'POST', body: JSON.stringify(body) });
  return (await answer.json()) as Entries;
}
