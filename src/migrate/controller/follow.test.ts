import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { Outcome } from '../../kit/outcome.ts';
import type { Engine } from '../contract/engine.ts';
import { follow } from './follow.ts';

const ref = { run: 'A', engine: 'far-away', location: 'there' };

/** A platform with a run at work until it is left. */
function engineOf(cancel: () => Promise<Outcome<boolean>>): Engine {
  return {
    cancel,
    async *watch(_: unknown, leave?: AbortSignal) {
      yield { kind: 'notice', severity: 'NOTICE', text: 'at work' };
      if (leave?.aborted === false) await once(leave, 'abort');
    },
    result: () => Promise.resolve({ exitCode: 0, complete: true }),
  } as unknown as Engine;
}

test('detaching does not wait for the answer to a request to stop', { timeout: 5_000 }, async () => {
  const leave = new AbortController();
  const engine = engineOf(() => {
    queueMicrotask(() => leave.abort());
    return new Promise(() => {});
  });
  const left = await follow({ engine, onEvent: () => {}, signal: AbortSignal.abort(), leave: leave.signal }, ref);
  expect(left).toMatchObject({ left: true, exitCode: 130 });
});

test('a request to stop that fails while the run is followed is told at its end', async () => {
  const leave = new AbortController();
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  const engine = engineOf(() => Promise.reject(new Error('broken')));
  const following = follow({ engine, onEvent: () => {}, signal: AbortSignal.abort(), leave: leave.signal }, ref);
  await new Promise((resolve) => setImmediate(resolve));
  leave.abort();
  await expect(following).rejects.toThrow('broken');
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});
