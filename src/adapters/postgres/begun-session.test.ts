import { expect, test } from 'vitest';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Connector, Session, SessionOptions } from '../../migrate/contract/ports.ts';
import { beginSession } from './begun-session.ts';

const expected: SessionOptions = { pipelined: true, applicationName: 'godwit A', settings: { a: '1', b: '2' } };

/** A connector whose sessions are opened when the test says so. */
function createStation() {
  const asked: SessionOptions[] = [];
  const answers: ((opened: Outcome<Session>) => void)[] = [];
  const log: string[] = [];
  const target = { host: 'h', port: 1, database: 'd', user: 'u' };
  const connector: Connector = {
    target,
    open: (options) => {
      asked.push(options);
      return new Promise((resolve) => answers.push(resolve));
    },
  };
  const session = (name: string): Session => ({
    pid: 1,
    waiting: 0,
    answered: 0,
    send: (text) => {
      log.push(`${name} ${text}`);
      return Promise.resolve({ ok: true, results: [{ columns: [], rows: [[text]], tag: '' }] });
    },
    copyIn: () => Promise.reject(new Error('not here')),
    cancel: () => Promise.resolve(),
    abandon: () => void log.push(`${name} abandoned`),
    close: () => Promise.resolve(),
    leave: () => void log.push(`${name} left`),
  });
  return { asked, answers, log, connector, session };
}

test('whoever asks for it gets it, with the notices from before; later ones get their own', async () => {
  const { asked, answers, connector, session } = createStation();
  const begun = beginSession(connector, expected, []);
  asked[0]?.onNotice?.({ severity: 'WARNING', text: 'early' });
  answers[0]?.(ok(session('first')));
  const heard: string[] = [];
  const settings = { b: '2', a: '1' };
  const options = { ...expected, settings, onNotice: ({ text }: { text: string }) => void heard.push(text) };
  expect((await begun.connector.open(options)).ok).toBe(true);
  asked[0]?.onNotice?.({ severity: 'WARNING', text: 'late' });
  expect(heard).toEqual(['early', 'late']);
  const second = begun.connector.open(options);
  answers[1]?.(ok(session('second')));
  expect((await second).ok).toBe(true);
  expect(asked).toHaveLength(2);
});

test.each([{ applicationName: 'godwit B' }, { pipelined: false }, { pooled: true }, { settings: { a: '1' } }])(
  'a session that is opened otherwise (%j) is another one',
  async (other) => {
    const { asked, answers, log, connector, session } = createStation();
    const begun = beginSession(connector, expected, []);
    const opening = begun.connector.open({ ...expected, ...other });
    expect(asked).toHaveLength(2);
    answers[1]?.(ok(session('other')));
    expect((await opening).ok).toBe(true);
    begun.leave();
    answers[0]?.(ok(session('first')));
    await Promise.resolve();
    await expect.poll(() => log).toEqual(['first left']);
  },
);

test('messages that were sent ahead are answered in their order, and not sent twice', async () => {
  const { answers, log, connector, session } = createStation();
  const begun = beginSession(connector, expected, ['facts', 'history']);
  answers[0]?.(ok(session('first')));
  const opened = await begun.connector.open(expected);
  if (!opened.ok) throw new Error('it did not open');
  for (const text of ['facts', 'history', 'history', 'more'])
    expect(await opened.value.send(text, { rows: 'all' })).toMatchObject({ results: [{ rows: [[text]] }] });
  expect(log).toEqual(['first facts', 'first history', 'first history', 'first more']);
});

test('who asks for something else first gets no answer that is older', async () => {
  const { answers, log, connector, session } = createStation();
  const begun = beginSession(connector, expected, ['facts', 'history']);
  answers[0]?.(ok(session('first')));
  const opened = await begun.connector.open(expected);
  if (!opened.ok) throw new Error('it did not open');
  for (const text of ['lock', 'history']) await opened.value.send(text, { rows: 'all' });
  expect(log).toEqual(['first facts', 'first history', 'first lock', 'first history']);
});

const timeout = err(fault('connection-timeout'));

test('a timeout counts only for who waited for it: this process may have been too busy to answer', async () => {
  const { asked, answers, connector } = createStation();
  const begun = beginSession(connector, expected, []);
  const waiting = begun.connector.open(expected);
  answers[0]?.(timeout);
  expect(await waiting).toEqual(timeout);

  const late = beginSession(connector, expected, []);
  answers[1]?.(timeout);
  await Promise.resolve();
  await Promise.resolve();
  const again = late.connector.open(expected);
  await expect.poll(() => asked).toHaveLength(3);
  const refused = err(fault('password-refused'));
  answers[2]?.(refused);
  expect(await again).toEqual(refused);
});

test('what else went wrong is told, and not tried again', async () => {
  const { asked, answers, connector } = createStation();
  const begun = beginSession(connector, expected, []);
  const refused = err(fault('password-refused'));
  answers[0]?.(refused);
  await Promise.resolve();
  expect(await begun.connector.open(expected)).toEqual(refused);
  expect(asked).toHaveLength(1);
});

test('who stops waiting ends the attempt, and so does who needs it no more', async () => {
  const { asked, connector } = createStation();
  const stop = new AbortController();
  const begun = beginSession(connector, expected, []);
  void begun.connector.open({ ...expected, signal: stop.signal });
  expect(asked[0]?.signal?.aborted).toBe(false);
  stop.abort();
  expect(asked[0]?.signal?.aborted).toBe(true);

  const unneeded = beginSession(connector, expected, []);
  unneeded.leave();
  expect(asked[1]?.signal?.aborted).toBe(true);
});

test('a session that is in use is not left', async () => {
  const { answers, log, connector, session } = createStation();
  const begun = beginSession(connector, expected, []);
  answers[0]?.(ok(session('first')));
  await begun.connector.open(expected);
  begun.leave();
  await Promise.resolve();
  expect(log).toEqual([]);
});
