import { expect, test } from 'vitest';
import { ok } from '../../../kit/outcome.ts';
import type { Session } from '../../contract/ports.ts';
import { supervise } from './supervise.ts';

/** A session that the server has ended. */
const lost: Session['send'] = () =>
  Promise.resolve({
    ok: false,
    completed: 0,
    error: { lost: true, sqlstate: '57P01', message: 'terminated' },
  } as never);

test('N2: a reconnection that is in progress is waited for, so that its session is closed with the others', async () => {
  const due: (() => void)[] = [];
  const ports = {
    emit: () => {},
    timer: (ms: number, then: () => void) => {
      if (ms === 1_000) due.push(then);
      return () => {};
    },
  };
  let reconnected: () => void = () => {};
  const events: string[] = [];
  const comingBack = new Promise<void>((resolve) => {
    reconnected = resolve;
  });
  let begin: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const supervision = supervise(
    ports,
    { run: 'R', control: undefined, session: { send: lost } as unknown as Session },
    {
      alone: true,
      comeBack: async () => {
        begin();
        await comingBack;
        events.push('session opened');
        return ok(undefined);
      },
    },
  );
  // Every third beat tries the session.
  for (let beat = 0; beat < 3; beat += 1) {
    due.shift()?.();
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }
  await begun;
  const ended = supervision.end().then(() => events.push('ended'));
  reconnected();
  await ended;
  expect(events).toEqual(['session opened', 'ended']);
  expect(due).toEqual([]);
});
