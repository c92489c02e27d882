import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createRedactor } from '../../kit/redact.ts';
import { createReadPace } from '../engines/cloud-run/read-pace.ts';
import { createGoogle } from './google.ts';
import { readLogEntries, type LogQuery } from './log-entries.ts';

type Page = 'silence' | 'half' | 'exhausted' | object;

/** Reads from a log that answers with these pages, and repeats the last one. */
async function read(pages: readonly Page[], query: Partial<LogQuery>) {
  let reads = 0;
  const server = createServer((request, response) => {
    const page = pages[Math.min(reads, pages.length - 1)] ?? 'silence';
    reads += 1;
    request.resume();
    if (page === 'silence') return;
    if (page === 'half') return void response.writeHead(200).write('{');
    response.writeHead(page === 'exhausted' ? 429 : 200).end(page === 'exhausted' ? '' : JSON.stringify(page));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const google = createGoogle({
    endpoints: { logging: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    env: { GOOGLE_OAUTH_ACCESS_TOKEN: 'token-of-the-test' },
    redactor: createRedactor(),
  });
  const places = { resourceNames: ['projects/acme-dev'], filter: 'x', from: 0, order: 'asc' } as const;
  const answer = await readLogEntries(google, { ...places, pageSize: 1, mostPages: 9, budgetMs: 5_000, ...query });
  server.closeAllConnections();
  server.close();
  return { answer, reads: () => reads };
}

const first = { entries: [1], nextPageToken: 'n' };

test('F13: one slow page does not exceed the time of a search: what was found before is kept', async () => {
  const { answer } = await read([first, 'silence'], { budgetMs: 80 });
  expect(answer).toEqual({ ok: true, value: { entries: [1], whole: false } });
});

test.each(['silence', 'half'] as const)('F13: a search without any page in its time says so: %s', async (page) => {
  const { answer } = await read([page], { budgetMs: 80 });
  expect(answer).toMatchObject({ ok: false, error: { message: expect.stringContaining('no answer in time') } });
});

test('F13: what the quota refuses is read again at the pace of all reads, never faster', async () => {
  const turns: number[] = [];
  const reads = createReadPace({ burst: 3, everyMs: 10 });
  const pace = {
    async turn(signal: AbortSignal) {
      turns.push(reads.waitMs(true));
      await reads.turn({ signal });
    },
    exhausted: () => reads.exhausted(),
  };
  const done = await read(['exhausted', first, 'exhausted', { entries: [2] }], { pace });
  expect(done.answer).toEqual({ ok: true, value: { entries: [1, 2], whole: true } });
  expect([done.reads(), turns.length]).toEqual([4, 4]);
  const refused = await read(['exhausted'], { pace, budgetMs: 80 });
  expect(refused.answer).toMatchObject({ ok: false, error: { status: 429 } });
  expect(turns.length).toBeGreaterThanOrEqual(4 + refused.reads());
});
