import { expect, test } from 'vitest';
import { err, ok } from '../kit/outcome.ts';
import { fault } from '../kit/fault.ts';
import type { Connector, Notice, Session, SessionOptions } from '../migrate/contract/ports.ts';
import { connectEarly } from './connect-early.ts';

const terms: SessionOptions = { pipelined: true, applicationName: 'godwit 1', settings: { DateStyle: 'ISO' } };
const going = new AbortController().signal;

/** Connections as they are asked for; each is answered by the test. */
function connections() {
  const asked: { terms: SessionOptions; answer: (how: Awaited<ReturnType<Connector['open']>>) => void }[] = [];
  const connector: Connector = {
    target: { host: 'db', port: 5432, database: 'd', user: 'u' },
    open: (options) => new Promise((answer) => asked.push({ terms: options, answer })),
  };
  return { connector, asked };
}

function session(pid: number, onClose: () => void = () => {}): Session {
  return { pid, close: () => Promise.resolve(onClose()) } as Partial<Session> as Session;
}

test('the first session is the one that was under way; later ones are opened when they are asked for', async () => {
  const { connector, asked } = connections();
  const early = connectEarly(connector, terms, going);
  const first = early.connector.open({ ...terms });
  expect(asked).toHaveLength(1);
  asked[0]?.answer(ok(session(1)));
  expect(await first).toMatchObject({ value: { pid: 1 } });
  void early.connector.open({ ...terms });
  expect(asked).toHaveLength(2);
});

test('why the early try failed is the answer to the first question for a session', async () => {
  const { connector, asked } = connections();
  const early = connectEarly(connector, terms, going);
  asked[0]?.answer(err(fault('connection-refused')));
  expect(await early.connector.open(terms)).toMatchObject({ findings: [{ code: 'connection-refused' }] });
});

test('what the server says before the session is taken over is not lost, and not said twice', async () => {
  const { connector, asked } = connections();
  const early = connectEarly(connector, terms, going);
  const say = (text: string): void => asked[0]?.terms.onNotice?.({ severity: 'NOTICE', text });
  say('welcome');
  const heard: Notice[] = [];
  void early.connector.open({ ...terms, onNotice: (notice) => heard.push(notice) });
  say('and more');
  expect(heard.map(({ text }) => text)).toEqual(['welcome', 'and more']);
});

test('a session on other terms is a new one, and the early one is closed', async () => {
  const { connector, asked } = connections();
  const early = connectEarly(connector, terms, going);
  const closed = new Promise<void>((resolve) => asked[0]?.answer(ok(session(1, resolve))));
  void early.connector.open({ ...terms, settings: { DateStyle: 'SQL' } });
  await closed;
  expect(asked).toHaveLength(2);
});

test('an abandoned connection is given up while it is under way, and closed if it had come up', async () => {
  const { connector, asked } = connections();
  connectEarly(connector, terms, going).abandon();
  expect(asked[0]?.terms.signal?.aborted).toBe(true);
  await new Promise<void>((closed) => asked[0]?.answer(ok(session(1, closed))));
});

test('a runner that is to stop stops its early connection', () => {
  const { connector, asked } = connections();
  const stop = new AbortController();
  connectEarly(connector, terms, stop.signal);
  stop.abort();
  expect(asked[0]?.terms.signal?.aborted).toBe(true);
});
