import { expect, test } from 'vitest';
import { inPlace, withLabels } from './enum-labels.ts';

const mood = { labels: '["a","c"]' };

test.each([
  [{ 'add label': 'b', before: 'c' }, '["a","b","c"]'],
  [{ 'add label': 'b', after: 'a' }, '["a","b","c"]'],
  [{ 'add label': 'd' }, '["a","c","d"]'],
  // Accepted by the server with IF NOT EXISTS, though it stands elsewhere.
  [{ 'add label': 'c', before: 'a' }, '["c","a"]'],
  [{ 'add label': 'a', before: 'c' }, '["a","c"]'],
  [{ 'rename label': '["a","x"]' }, '["x","c"]'],
])('%o makes %s of a and c', (change, labels) => {
  expect(withLabels(mood, change)).toEqual({ labels });
});

test('of a type whose labels are not known, those that were added keep their places', () => {
  const { placed = '' } = withLabels(withLabels({}, { 'add label': 'b', before: 'c' }), {
    'rename label': '["c","z"]',
  });
  expect(inPlace('["a","b","z"]', placed)).toBe(true);
  expect(inPlace('["a","z","b"]', placed)).toBe(false);
  expect(inPlace('["a","z"]', placed)).toBe(false);
});
