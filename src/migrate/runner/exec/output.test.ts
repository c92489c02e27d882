import { expect, test } from 'vitest';
import { createRedactor } from '../../../kit/redact.ts';
import type { RunEvent } from '../../contract/event.ts';
import { createOutput } from './output.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An output whose waits are over when `tick` says so. */
function told(limits?: { readonly events: number; readonly bytes: number }, secret?: string) {
  const events: RunEvent[] = [];
  const waits: number[] = [];
  let due: (() => void) | undefined;
  const redactor = createRedactor();
  if (secret !== undefined) redactor.register(secret);
  const output = createOutput({
    emit: (event) => events.push(event),
    timer: (ms, then) => {
      waits.push(ms);
      due = then;
      return () => (due = undefined);
    },
    redactor,
    ...(limits === undefined ? {} : { outputLimits: limits }),
  });
  const text = (): string => events.map((event) => (event.kind === 'output' ? event.text : '')).join('');
  return { output, events, waits, text, tick: () => due?.() };
}

test('a command that writes a little for hours is told less and less often, and its end is always told', () => {
  const { output, events, waits, text, tick } = told({ events: 20, bytes: 1_000_000 });
  for (let n = 1; n <= 500; n += 1) {
    output.push('stdout', bytes(`line ${n}\n`));
    tick();
  }
  output.end();
  expect(events.length).toBeLessThanOrEqual(20);
  expect(waits.slice(0, 16)).toEqual(waits.slice(0, 16).sort((a, b) => a - b));
  expect([waits[0], waits[15]]).toEqual([100, 60_000]);
  expect(text()).toMatch(/^line 1\n/);
  expect(text()).toMatch(/\nline 500\n$/);
});

test('what is told and what is said to be missing are all that was written', () => {
  const { output, events, text } = told({ events: 1_000, bytes: 100_000 });
  const whole = Array.from({ length: 40_000 }, (_, n) => `line ${n}\n`).join('');
  for (let at = 0; at < whole.length; at += 777) output.push('stdout', bytes(whole.slice(at, at + 777)));
  output.end();
  const missing = events.find((event) => event.kind === 'output.dropped');
  if (missing === undefined) throw new Error('nothing was left out');
  const at = events.indexOf(missing);
  const first = events
    .slice(0, at)
    .map((event) => (event.kind === 'output' ? event.text : ''))
    .join('');
  const last = text().slice(first.length);
  expect(whole.startsWith(first)).toBe(true);
  expect(whole.endsWith(last)).toBe(true);
  expect(first.length + missing.bytes + last.length).toBe(whole.length);
  expect(text().split('\n').length + missing.lines).toBe(whole.split('\n').length);
  expect(text().length).toBeLessThan(110_000);
});

const cutSecrets = ['Zq7-canary-0Xk9w', 'Zq7-canary-0Xk9w/and+more/0123456789'];
test.each(cutSecrets)('%s is not shown in halves, wherever pieces, beginning and kept end are cut', (secret) => {
  for (let shift = 0; shift < 40; shift += 1) {
    const { output, events } = told({ events: 1_000, bytes: 40_000 }, secret);
    const whole = 'x'.repeat(shift) + `${secret}${'y'.repeat(20)}`.repeat(5_000);
    for (let at = 0; at < whole.length; at += 1_009) output.push('stderr', bytes(whole.slice(at, at + 1_009)));
    output.end();
    const said = events.flatMap((event) => (event.kind === 'output' ? [event.text] : []));
    expect(events.some(({ kind }) => kind === 'output.dropped')).toBe(true);
    // What stands for it may be cut, it may not.
    for (const one of said) expect(one).toMatch(/^[xy*]*$/);
  }
});

test('each event fits into a line of a log, whatever is written', () => {
  const { output, events } = told();
  output.push('stdout', new Uint8Array(100_000).fill(1));
  output.push('stderr', bytes('"\\'.repeat(50_000)));
  output.push('stdout', new Uint8Array(100_000).fill(0xff));
  output.end();
  expect(Math.max(...events.map((event) => JSON.stringify(event).length))).toBeLessThan(15_000);
});
