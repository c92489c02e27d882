import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { RunEvent } from './event.ts';
import { createLineDecoder, createLineEncoder } from './event-lines.ts';
import type { Hashing } from './ports.ts';

const hashing: Hashing = {
  sha256() {
    const hash = createHash('sha256');
    return {
      update(data) {
        hash.update(data);
        return this;
      },
      hex: () => hash.digest('hex'),
    };
  },
};

const run = 'r1';
const notice = (text: string): RunEvent => ({ kind: 'notice', severity: 'NOTICE', text });
const finished: RunEvent = { kind: 'run.finished', run, outcome: 'done', exitCode: 0, events: 3, ms: 1 };

function encode(events: readonly RunEvent[]): string[] {
  const encoder = createLineEncoder(run, hashing);
  return events.flatMap((event) => encoder.encode(event));
}

function decode(lines: readonly string[]): { events: readonly RunEvent[]; complete: boolean } {
  const decoder = createLineDecoder(run, hashing);
  const events = lines.flatMap((line) => decoder.push(line));
  return { events, complete: decoder.complete };
}

test('events come back as they were sent', () => {
  const events = [notice('a'), notice('ü "quoted" \u{1F426}'), finished];
  expect(decode(encode(events))).toEqual({ events, complete: true });
});

test('lines that arrive out of order are put in order', () => {
  const events = [notice('a'), notice('b'), notice('c'), finished];
  const [a, b, c, d] = encode(events);
  expect(decode([d!, b!, c!, a!])).toEqual({ events, complete: true });
});

test('a lost line leaves the execution incomplete, and nothing behind it is shown', () => {
  const [a, , c, d] = encode([notice('a'), notice('b'), notice('c'), finished]);
  expect(decode([a!, c!, d!])).toEqual({ events: [notice('a')], complete: false });
});

test('N4: what lies behind lost lines is released when they are given up, and the lines stay incomplete', () => {
  const long = notice('x'.repeat(40_000));
  const lines = encode([notice('a'), notice('b'), long, notice('c'), notice('d'), finished]);
  const decoder = createLineDecoder(run, hashing);
  // Lost: the second line, the first part of the long event, and the line before the last.
  const arrived = lines.filter((_, index) => ![1, 2, lines.length - 2].includes(index));
  expect(arrived.flatMap((line) => decoder.push(line))).toEqual([notice('a')]);
  expect(decoder.missing).toEqual({ from: 2, to: 3 });
  expect(decoder.skip()).toEqual([notice('c')]);
  expect(decoder.missing).toEqual({ from: lines.length - 1, to: lines.length - 1 });
  expect(decoder.skip()).toEqual([finished]);
  expect([decoder.missing, decoder.complete]).toEqual([undefined, false]);
  // Too late.
  expect(lines.flatMap((line) => decoder.push(line))).toEqual([]);
  expect(decoder.complete).toBe(false);
});

test('a changed line breaks the digest', () => {
  const [a, b, c] = encode([notice('a'), notice('b'), finished]);
  expect(decode([a!, b!.replace('\\"b\\"', '\\"x\\"'), c!]).complete).toBe(false);
});

test('lines that come twice, of other runs, or of other programs are skipped', () => {
  const events = [notice('a'), finished];
  const [a, b] = encode(events);
  const stranger = createLineEncoder('r2', hashing).encode(notice('other'))[0]!;
  expect(decode(['hello', '{"severity":"INFO"}', stranger, a!, a!, b!])).toEqual({ events, complete: true });
});

test('a document of a megabyte travels in lines of at most 64 KiB', () => {
  const events = [notice('"\\\u{1F426}ä'.repeat(200_000)), finished];
  const lines = encode(events);
  expect(Math.max(...lines.map((line) => new TextEncoder().encode(line).length))).toBeLessThanOrEqual(64 * 1024);
  expect(decode(lines)).toEqual({ events, complete: true });
});

test('small events share lines, and come back one by one', () => {
  const long = notice('x'.repeat(200_000));
  const many = Array.from({ length: 5_000 }, (_, index) => notice(`row ${index}`));
  const events = [...many, long, notice('after'), finished];
  const lines = createLineEncoder(run, hashing).encodeAll(events);
  expect(lines.length).toBeLessThan(60);
  expect(lines.every((line) => new TextEncoder().encode(line).length <= 64 * 1024)).toBe(true);
  expect(decode([...lines].reverse())).toEqual({ events, complete: true });
});

test('a shared line has the severity of the gravest event in it', () => {
  const finding: RunEvent = {
    kind: 'finding',
    finding: { code: 'bug', severity: 'error', title: 't', why: 'w', fix: 'f' },
  };
  const [line] = createLineEncoder(run, hashing).encodeAll([notice('a'), finding, notice('b')]);
  expect(JSON.parse(line!)).toMatchObject({ severity: 'ERROR' });
});

test.each(['null', '7', '"text"', '[]', '{}', '{"run":"R1","n":"x"}'])(
  'a line of another program that looks like ours is skipped: %s',
  (godwit) => {
    const decoder = createLineDecoder('R1', hashing);
    expect(decoder.push(JSON.stringify({ godwit }))).toEqual([]);
    expect(decoder.complete).toBe(false);
  },
);
