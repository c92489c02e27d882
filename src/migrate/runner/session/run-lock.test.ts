import { expect, test } from 'vitest';
import type { RunEvent } from '../../contract/event.ts';
import type { Reply, Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { takeRunLock } from './run-lock.ts';

const rows = (...found: readonly (string | null)[][]): Reply => ({
  ok: true,
  results: [{ columns: [], rows: found, tag: `SELECT ${found.length}` }],
});
const refused: Reply = {
  ok: false,
  completed: 0,
  error: { sqlstate: '42501', message: 'permission denied for view pg_locks', lost: false },
};

/** Takes the lock from a server that gives these answers in turn. */
async function takenWith(...answers: readonly Reply[]) {
  const left = [...answers];
  const events: RunEvent[] = [];
  let now = 0;
  const session = { pid: 7, send: () => Promise.resolve(left.shift() ?? rows(['f'])) } as unknown as Session;
  const ports = {
    clock: () => now,
    random: () => 0.5,
    sleep: (ms: number) => Promise.resolve(void (now += ms)),
    emit: (event: RunEvent) => void events.push(event),
    signal: new AbortController().signal,
  } as Partial<RunnerPorts> as RunnerPorts;
  const taken = await takeRunLock(session, ports, 150);
  return { taken, holders: events.flatMap((event) => (event.kind === 'waiting' ? [event.holder] : [])) };
}

test('a run that waits names who holds the database', async () => {
  const { taken, holders } = await takenWith(rows(['f']), rows(['godwit 01A', 'godwit 01A', 'app']), rows(['t']));
  expect(taken).toMatchObject({ value: 'after-waiting' });
  expect(holders).toEqual(['godwit 01A']);
});

test('a holder that is gone when the server is asked for it is told as what it is', async () => {
  const { taken, holders } = await takenWith(rows(['f']), rows(), rows(['t']));
  expect(taken).toMatchObject({ value: 'after-waiting' });
  expect(holders).toEqual(['A run that is just beginning or ending']);
});

test('a holder that the server does not name is told as such, also when the wait is over', async () => {
  const { taken } = await takenWith(rows(['f']), refused, rows(['f']), refused);
  expect(taken).toMatchObject({
    findings: [{ code: 'busy', why: 'A run that the server does not name holds the database.' }],
  });
});
