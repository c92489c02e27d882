import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { createRedactor } from '../../kit/redact.ts';
import { createLineEncoder } from '../../migrate/contract/event-lines.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import { createRunId } from '../../project/run-id.ts';
import { nodeHashing } from '../files/hashing.ts';
import { createGoogle } from '../google/google.ts';
import { readLoggedLines } from './logged-lines.ts';

test('F1: lines of a machine whose clock is hours ahead are found by a second, wider search', async () => {
  const written = Date.parse('2026-03-04T05:06:07Z');
  const run = createRunId(written + 3 * 60 * 60_000);
  const events: readonly RunEvent[] = [
    { kind: 'run.started', run, task: 'apply', tool: '1', at: '' },
    { kind: 'run.finished', run, outcome: 'done', exitCode: 0, events: 2, ms: 1 },
  ];
  const encoder = createLineEncoder(run, nodeHashing);
  const timestamp = new Date(written).toISOString();
  const labels = { 'run.googleapis.com/task_attempt': '0', instanceId: 'x' };
  const entries = events
    .flatMap((event) => encoder.encode(event))
    .map((line) => ({ timestamp, labels, jsonPayload: JSON.parse(line) as object }));
  let reads = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    reads += 1;
    const body = await text(request);
    const times = [...body.matchAll(/timestamp[<>]=\\"([^"\\]+)/g)].map(([, time = '']) => time);
    const [from = '', until = ''] = times;
    response.end(JSON.stringify(from <= timestamp && timestamp <= until ? { entries } : {}));
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const google = createGoogle({
    endpoints: { logging: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    env: { GOOGLE_OAUTH_ACCESS_TOKEN: 'token-of-the-test' },
    redactor: createRedactor(),
  });
  const execution = 'projects/acme-dev/locations/us-central1/jobs/j/executions/e';
  const question = { google, hashing: nodeHashing, run, logs: ['projects/acme-dev'], execution };
  expect(await readLoggedLines(question)).toMatchObject({ ok: true, value: { complete: true } });
  expect(reads).toBe(2);
  server.closeAllConnections();
  server.close();
});
