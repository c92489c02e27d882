import { expect, test } from 'vitest';
import { createInterrupts, type Interrupts } from './interrupts.ts';

function interrupts(): { readonly on: Interrupts; readonly left: number[]; readonly at: (ms: number) => void } {
  const left: number[] = [];
  let now = 0;
  return {
    on: createInterrupts(
      (code) => left.push(code),
      () => now,
    ),
    left,
    at: (ms) => void (now = ms),
  };
}

test('the first Ctrl-C stops, the second leaves; one that a parent process passes on again is the same one (`interrupted`)', () => {
  const { on, left, at } = interrupts();
  on.interrupted();
  at(20);
  on.interrupted();
  expect([on.signal.aborted, left]).toEqual([true, []]);
  at(1_000);
  on.interrupted();
  expect(left).toEqual([130]);
});

test('who decides may let the run go on, and is asked again next time', async () => {
  const { on, left, at } = interrupts();
  const answers = [false, true];
  on.onCtrlC(() => Promise.resolve(answers.shift() ?? true));
  on.interrupted();
  await Promise.resolve();
  await Promise.resolve();
  expect(on.signal.aborted).toBe(false);
  at(1_000);
  on.interrupted();
  await Promise.resolve();
  await Promise.resolve();
  expect([on.signal.aborted, left]).toEqual([true, []]);
});

test('Ctrl-C in answer to the question leaves at once', () => {
  const { on, left, at } = interrupts();
  on.onCtrlC(() => new Promise(() => {}));
  on.interrupted();
  at(1_000);
  on.interrupted();
  expect([on.signal.aborted, left]).toEqual([false, [130]]);
});

test('SIGTERM stops without a question, and the second one leaves; one that is passed on again is the same one', () => {
  const { on, left, at } = interrupts();
  on.onCtrlC(() => new Promise(() => {}));
  on.terminated();
  at(20);
  on.terminated();
  expect([on.signal.aborted, left]).toEqual([true, []]);
  at(1_000);
  on.terminated();
  expect(left).toEqual([130]);
});

test('when nobody listens any more a change stops at its next safe point, and anything else leaves', () => {
  const idle = interrupts();
  idle.on.deserted(true);
  expect([idle.on.signal.aborted, idle.left]).toEqual([false, [0]]);
  const early = interrupts();
  early.on.deserted(false);
  expect(early.left).toEqual([130]);
  const busy = interrupts();
  busy.on.onCtrlC(() => Promise.resolve(true));
  busy.on.deserted(false);
  expect([busy.on.signal.aborted, busy.left]).toEqual([true, []]);
});
