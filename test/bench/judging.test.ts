import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../docs/fences.ts';

interface Sample {
  readonly ms: number;
  readonly round: number;
}
interface Target {
  readonly claim: string;
  readonly value: number;
  readonly ok: boolean;
}
interface Miss {
  readonly scenario: string;
  readonly target: string;
  readonly upTo: number;
  readonly reason: string;
}
interface Measured {
  readonly scenarios: Readonly<Record<string, { readonly targets?: readonly Target[] }>>;
}

const load = async <Module>(name: string): Promise<Module> =>
  (await import(join(root, 'bench', 'support', name))) as Module;

const { interleave, ratio, target, ratioTarget } = await load<{
  interleave: (
    rounds: readonly [number, number],
    contestants: Record<string, { run: () => Promise<{ ms: number }>; atMost?: number }>,
    options?: { pairs: () => readonly (readonly [string, string])[] },
  ) => Promise<Record<string, Sample[]>>;
  ratio: (samples: Record<string, Sample[]>, pair: readonly [string, string]) => number;
  target: (claim: string, value: number, limit: number, options?: { atLeast?: boolean }) => Target;
  ratioTarget: (
    samples: Record<string, Sample[]>,
    pair: readonly [string, string],
    limit: number,
  ) => Target & { best: number };
}>('rounds.mjs');
const { judge, knownMisses } = await load<{
  judge: (
    scenarios: Readonly<Record<string, { readonly failed?: string; readonly targets?: readonly Target[] }>>,
    misses: readonly Miss[],
  ) => { readonly lines: readonly string[]; readonly fresh: readonly Miss[]; readonly accepted: boolean };
  knownMisses: () => readonly Miss[];
}>('misses.mjs');
const { lastMeasured, renderPages } = await load<{
  lastMeasured: () => Measured;
  renderPages: (measured: Measured, misses: readonly Miss[]) => Readonly<Record<string, string>>;
}>('documents.mjs');

const series = (...values: readonly number[]): { run: () => Promise<{ ms: number }> } => {
  let at = 0;
  return { run: async () => ({ ms: values[at++ % values.length] ?? Number.NaN }) };
};

test('ratios compare what ran in the same round', async () => {
  // The machine is ten times slower in the second round, and the third is an exception.
  const samples = await interleave([3, 3], { a: series(2, 20, 9), b: series(1, 10, 1) });
  expect(ratio(samples, ['a', 'b'])).toBe(2);
  expect(ratioTarget(samples, ['a', 'b'], 1.9)).toMatchObject({ value: 2, best: 2, ok: false });
});

test('a slow contestant that runs in fewer rounds is compared within these', async () => {
  const samples = await interleave([4, 4], { a: series(1, 1, 5, 5), b: { ...series(3), atMost: 2 } });
  expect(samples['b']).toHaveLength(2);
  expect(ratio(samples, ['b', 'a'])).toBe(3);
});

test('the rounds end once the ratios are known well enough, or at the most', async () => {
  const pairs = () => [['a', 'b']] as const;
  const steady = await interleave([3, 9], { a: series(2), b: series(1) }, { pairs });
  expect(steady['a']).toHaveLength(3);
  const noisy = await interleave([3, 9], { a: series(2, 3, 4), b: series(1) }, { pairs });
  expect(noisy['a']).toHaveLength(9);
});

const measured = (value: number) => ({ status: { targets: [target('warm / floor', value, 1.1)] } });
const known: Miss = { scenario: 'status', target: 'warm / floor', upTo: 1.3, reason: 'Because.' };

test.each([
  ['a target that is met', 1.05, [], [], true],
  ['a miss that is not known', 1.2, [], ['missed: status: warm / floor: 1.20 × (≤ 1.1 ×)'], false],
  ['a known miss', 1.2, [known], ['missed, as known: status: warm / floor: 1.20 × (≤ 1.1 ×)'], true],
  [
    'a known miss that has become worse',
    1.4,
    [known],
    ['missed by more than is known (1.3): status: warm / floor: 1.40 × (≤ 1.1 ×)'],
    false,
  ],
  [
    'a known miss that is met again',
    1.05,
    [known],
    ['met again, no longer a known miss: status: warm / floor: 1.05 × (≤ 1.1 ×)'],
    true,
  ],
  [
    'a known miss of a target that does not exist',
    1.05,
    [{ ...known, target: 'hot / floor' }],
    ['known, but not a target: status: hot / floor'],
    true,
  ],
] as const)('%s', (_, value, misses, lines, accepted) => {
  expect(judge(measured(value), misses)).toMatchObject({ lines, accepted });
});

test('a miss that is not known is told as an entry that lacks its reason', () => {
  const entry = { scenario: 'status', target: 'warm / floor', upTo: 1.32, reason: '' };
  expect(judge(measured(1.2), [])).toMatchObject({ fresh: [entry] });
});

test('a scenario that failed is not accepted', () => {
  expect(judge({ status: { failed: 'Error' } }, [])).toMatchObject({ lines: ['failed: status'], accepted: false });
});

test('each target that was missed when the pages were written is known with its reason', () => {
  const { scenarios } = lastMeasured();
  expect(judge(scenarios, knownMisses()).lines.filter((line) => !line.startsWith('missed, as known'))).toEqual([]);
});

test('bench/README.md and docs/performance.md show what was measured; else `npm run bench -- --document --from FILE`', () => {
  for (const [page, text] of Object.entries(renderPages(lastMeasured(), knownMisses())))
    expect(readFileSync(page, 'utf8')).toBe(text);
});
