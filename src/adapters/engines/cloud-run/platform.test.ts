import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createRedactor } from '../../../kit/redact.ts';
import { createLineEncoder } from '../../../migrate/contract/event-lines.ts';
import type { RunEvent } from '../../../migrate/contract/event.ts';
import { nodeHashing } from '../../files/hashing.ts';
import { createGoogle } from '../../google/google.ts';
import { createCloudRunEngine } from './engine.ts';
import type { LogEntry } from './log-reader.ts';
import type { RunExecution, RunTask } from './resources.ts';
import type { CloudRunOptions } from './options.ts';

/** Answers of a platform in shapes that an emulator may not produce: fields left out, texts in place of reasons. */
interface Platform {
  execution: Partial<RunExecution>;
  task?: RunTask;
  /** The log at the n-th read, from 0. */
  log(look: number): readonly LogEntry[];
}

const run = '01JD9XYZABCDEFGHJKMNPQRSTV';
const name = `projects/acme-dev/locations/us-central1/jobs/dev-godwit-${run.toLowerCase()}`;
const ref = { run, engine: 'cloud-run', location: `${name}/executions/dev-godwit-${run.toLowerCase()}-r1` };
const over = { completionTime: '2026-01-02T03:04:05Z', startTime: '2026-01-02T03:04:00Z' };

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** An engine whose platform gives these answers. */
async function engineOn(platform: Platform) {
  let looks = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => (body += data.toString()));
    request.on('end', () => {
      const answer = (value: unknown): void => void response.end(JSON.stringify(value));
      if (request.url?.endsWith('/entries:list') === true) {
        const { filter = '' } = JSON.parse(body) as { filter?: string };
        const since = /timestamp>="([^"]+)"/.exec(filter)?.[1] ?? '';
        const entries = platform.log(looks).filter(({ timestamp = '' }) => timestamp >= since);
        looks += 1;
        return answer({ entries });
      }
      if (request.url?.includes('/tasks') === true) return answer({ tasks: platform.task ? [platform.task] : [] });
      answer({ name: ref.location, ...platform.execution });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const redactor = createRedactor();
  redactor.register('S3cret-word');
  const options = {
    kind: 'cloud-run',
    project: 'acme-dev',
    region: 'us-central1',
    secret: 'database-url-dev',
    serviceAccount: 'dev-cloud-run-sa@acme-dev.iam.gserviceaccount.com',
    network: { kind: 'connector', connector: 'c' },
    job: 'ephemeral',
    labels: {},
    logs: ['projects/acme-dev'],
    endpoints: { run: url, logging: url },
  } as unknown as CloudRunOptions;
  const google = createGoogle({ endpoints: options.endpoints, env: { GOOGLE_OAUTH_ACCESS_TOKEN: 'test' }, redactor });
  return createCloudRunEngine({
    options,
    environment: 'dev',
    google,
    hashing: nodeHashing,
    redactor,
    runner: '',
    timeouts: { firstPauseMs: 5, longestPauseMs: 20, pollMs: 10, linesMs: 150 },
  });
}

const entry = (line: string, timestamp: string): LogEntry => ({
  timestamp,
  jsonPayload: JSON.parse(line) as Record<string, unknown>,
});

test('a line that comes later than its time says is not overlooked (`job-died`)', async () => {
  const encoder = createLineEncoder(run, nodeHashing);
  const notice = (text: string): RunEvent => ({ kind: 'notice', severity: 'NOTICE', text });
  const finished: RunEvent = { kind: 'run.finished', run, outcome: 'done', exitCode: 0, events: 3, ms: 1 };
  const [one = '', two = '', three = ''] = [notice('a'), notice('b'), finished].flatMap((each) => encoder.encode(each));
  const engine = await engineOn({
    execution: { ...over, succeededCount: 1 },
    log: (look) => [
      entry(one, '2026-01-02T03:04:10.000Z'),
      ...(look < 3 ? [] : [entry(two, '2026-01-02T03:04:09.500Z')]),
      entry(three, '2026-01-02T03:04:11.000Z'),
    ],
  });
  const events: RunEvent[] = [];
  for await (const event of engine.watch(ref)) events.push(event);
  expect(events.map((event) => event.kind)).toEqual(['notice', 'notice', 'run.finished']);
  expect(await engine.result(ref)).toMatchObject({ exitCode: 0, complete: true, ran: true });
});

interface Case {
  readonly what: string;
  readonly execution: Partial<RunExecution>;
  readonly task?: RunTask;
  readonly words?: readonly string[];
  readonly code: string;
  /** In the cause that is told. */
  readonly text?: string;
  readonly exitCode: number;
  readonly ran: boolean;
}

const failed = (more: object) => ({ conditions: [{ type: 'Completed', state: 'CONDITION_FAILED', ...more }] });
const killed = { lastAttemptResult: { termSignal: 9 } };

const cases: readonly Case[] = [
  {
    what: 'a signal 9 without words',
    execution: over,
    task: killed,
    code: 'job-out-of-memory',
    exitCode: 137,
    ran: true,
  },
  {
    what: 'a memory limit in words',
    execution: { ...over, ...failed({ message: 'Memory limit of 512 MiB exceeded with 530 MiB used.' }) },
    task: { lastAttemptResult: { status: { code: 8 } } },
    code: 'job-out-of-memory',
    exitCode: 137,
    ran: true,
  },
  {
    what: 'the time that is over',
    execution: over,
    task: { lastAttemptResult: { status: { code: 4, message: 'The configured timeout was reached.' } } },
    code: 'job-timeout',
    exitCode: 42,
    ran: true,
  },
  {
    what: 'somebody who cancelled it while it was at work',
    execution: { ...over, ...failed({ executionReason: 'CANCELLED' }) },
    code: 'job-cancelled',
    exitCode: 42,
    ran: true,
  },
  {
    what: 'somebody who cancelled it before it began',
    execution: { completionTime: over.completionTime, cancelledCount: 1, ...failed({ executionReason: 'CANCELLED' }) },
    code: 'job-cancelled',
    exitCode: 130,
    ran: false,
  },
  {
    what: 'F11: an end without any reason, of a job that had begun,',
    execution: { ...over, failedCount: 1, ...failed({}) },
    code: 'job-died',
    text: 'neither an exit code nor a signal',
    exitCode: 42,
    ran: true,
  },
  {
    what: 'F11: a signal other than 9',
    execution: { ...over, failedCount: 1, ...failed({}) },
    task: { lastAttemptResult: { status: { code: 2 }, termSignal: 11 } },
    code: 'job-died',
    text: 'Signal 11 ended the container.',
    exitCode: 42,
    ran: true,
  },
  {
    what: 'N8: an end that only the condition tells',
    execution: { startTime: over.startTime, ...failed({ executionReason: 'CANCELLED' }) },
    code: 'job-cancelled',
    exitCode: 42,
    ran: true,
  },
  {
    what: 'N5: a time that is over, beside the exit code of a runner that was asked to stop,',
    execution: { ...over, failedCount: 1, ...failed({}) },
    task: {
      lastAttemptResult: { status: { code: 4, message: 'The configured timeout was reached.' }, exitCode: 130 },
    },
    code: 'job-timeout',
    exitCode: 130,
    ran: true,
  },
  {
    what: 'N5: somebody who cancelled it, beside the exit code of a runner that was asked to stop,',
    execution: { ...over, cancelledCount: 1, ...failed({ executionReason: 'CANCELLED' }) },
    task: { lastAttemptResult: { status: { code: 2 }, exitCode: 130 } },
    code: 'job-cancelled',
    exitCode: 130,
    ran: true,
  },
  {
    what: 'an image that is missing, by its reason alone',
    execution: { completionTime: over.completionTime, ...failed({ reason: 'CONTAINER_MISSING' }) },
    code: 'image-refused',
    exitCode: 10,
    ran: false,
  },
  {
    what: 'a network that is missing, by words alone',
    execution: {
      completionTime: over.completionTime,
      ...failed({
        message:
          'VPC connector projects/acme-dev/locations/us-central1/connectors/c does not exist, or Cloud Run does not have permission to use it.',
      }),
    },
    code: 'network-refused',
    exitCode: 10,
    ran: false,
  },
  {
    what: 'a reason that godwit does not know',
    execution: { completionTime: over.completionTime, ...failed({ message: 'Something new.' }) },
    code: 'job-not-started',
    exitCode: 30,
    ran: false,
  },
  {
    what: 'a container without Node, which has last words of its own',
    execution: over,
    task: { lastAttemptResult: { exitCode: 127 } },
    words: ['sh: node: not found', 'the password is S3cret-word'],
    code: 'job-died',
    exitCode: 127,
    ran: true,
  },
];

test.each(cases)('$what is told as $code', async ({ execution, task, words = [], code, text = '', exitCode, ran }) => {
  const timestamp = '2026-01-02T03:04:01Z';
  const engine = await engineOn({
    execution,
    ...(task === undefined ? {} : { task }),
    log: () => words.map((textPayload) => ({ textPayload, timestamp })),
  });
  for await (const _ of engine.watch(ref)) throw new Error('it has said nothing');
  const result = await engine.result(ref);
  expect(result).toMatchObject({ exitCode, ran, complete: false });
  const [finding] = result.findings ?? [];
  expect(finding?.code).toBe(code);
  expect(finding?.why).toContain(text);
  expect(words.length === 0 || finding?.why.includes('node: not found')).toBe(true);
  expect(JSON.stringify(finding)).not.toContain('S3cret');
});
