import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHeldFiles } from './held-files.ts';

const sizes = fc.array(fc.oneof(fc.nat(40), fc.nat(300_000), fc.constant(256 * 1024)), { maxLength: 12 });

test('every file that was held is found with its own bytes, and no others', () => {
  fc.assert(
    fc.property(sizes, (lengths) => {
      const held = createHeldFiles(1_000_000);
      const files = lengths.map((length, n) => ({ name: `${n}`, bytes: new Uint8Array(length).fill(n + 1) }));
      const kept = new Set(files.filter(({ name, bytes }) => held.hold(name, bytes)).map(({ name }) => name));
      expect(held.count).toBe(kept.size);
      for (const { name, bytes } of files) {
        const found = held.get(name);
        expect(found !== undefined && Buffer.compare(found, bytes) === 0).toBe(kept.has(name));
      }
    }),
    { numRuns: 50 },
  );
});

test('there is an end to what is held, and large files are not', () => {
  const held = createHeldFiles(300_000);
  expect(held.hold('large', new Uint8Array(256 * 1024 + 1))).toBe(false);
  expect(held.hold('a', new Uint8Array(200_000))).toBe(true);
  expect(held.hold('b', new Uint8Array(200_000))).toBe(false);
  expect(held.hold('c', new Uint8Array(0))).toBe(true);
  expect(held.get('b')).toBeUndefined();
});
