import { expect, test } from 'vitest';
import { inLanes } from './lanes.ts';

const terms = {
  parallel: 3,
  server: (item: string) => item.charAt(0),
  room: (server: string) => (server === 'a' ? 1 : 9),
  place: (item: string) => item.slice(0, 2),
  isOver: () => false,
};

test('a full server and a database that is worked on are passed over, and nothing is forgotten', async () => {
  const steps: string[] = [];
  const ends: (() => void)[] = [];
  const all = inLanes(['a1', 'a2', 'b1', 'b1x', 'b2'], terms, async (item) => {
    steps.push(item);
    await new Promise<void>((resolve) => ends.push(resolve));
  });
  expect(steps).toEqual(['a1', 'b1', 'b2']);
  for (let done = 0; done < 5; done += 1) {
    ends[done]?.();
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  }
  expect(await all).toEqual([]);
  expect(steps).toEqual(['a1', 'b1', 'b2', 'a2', 'b1x']);
});

test('nothing begins once it is over; what is at work is waited for', async () => {
  let over = false;
  const done: string[] = [];
  const left = await inLanes(['a1', 'b1', 'b2', 'b3'], { ...terms, parallel: 2, isOver: () => over }, async (item) => {
    over = true;
    await Promise.resolve();
    done.push(item);
  });
  expect(done).toEqual(['a1']);
  expect(left).toEqual(['b1', 'b2', 'b3']);
});
