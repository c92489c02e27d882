import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { environmentOfTag, imageTag } from './image-tag.ts';
import { imagesToRemove, type KeptImage } from './retention.ts';

const day = 24 * 60 * 60 * 1000;
const now = 1000 * day;

/** `count` images of this kind, a day apart, the youngest of them `youngest` days old. */
function images(prefix: string, count: number, youngest: number): readonly KeptImage[] {
  return Array.from({ length: count }, (_, at) => {
    const digest = `sha256:${prefix}${at}`;
    const tag = prefix === '' ? [] : [`${prefix}-${String(at).padStart(12, '0')}`];
    return { digest, tags: tag, uploadedAt: now - (youngest + at) * day };
  });
}

function removed(all: readonly KeptImage[], inUse: readonly string[] = []): readonly string[] {
  return imagesToRemove(all, { newest: 3, days: 30 }, { inUse: new Set(inUse), now });
}

const dev = 'bundle-dev-0123456789ab';
const prod = 'bundle-prod-0123456789ab';

test('the newest of each environment stay, however old', () => {
  expect(removed([...images(dev, 5, 100), ...images(prod, 4, 400)])).toEqual([
    `sha256:${prod}3`,
    `sha256:${dev}4`,
    `sha256:${dev}3`,
  ]);
});

test('everything of the last days stays, however much', () => {
  expect(removed(images(dev, 40, 0))).toEqual(
    images(dev, 40, 0)
      .slice(30)
      .map(({ digest }) => digest)
      .toReversed(),
  );
});

test('what a job refers to stays', () => {
  expect(removed(images(dev, 5, 100), [`sha256:${dev}4`])).toEqual([`sha256:${dev}3`]);
});

test('runners without a bundle count by themselves; copies of base images and foreign tags stay', () => {
  const base = { digest: 'sha256:base', tags: ['base-0123456789ab'], uploadedAt: 0 };
  const foreign = { digest: 'sha256:foreign', tags: ['latest', `${dev}-000000000099`], uploadedAt: 0 };
  expect(removed([...images('runner-0.1.0', 4, 100), base, foreign])).toEqual(['sha256:runner-0.1.03']);
});

test('what lost its tags goes when it is old', () => {
  expect(removed(images('', 2, 20))).toEqual([]);
  expect(removed(images('', 2, 30))).toEqual(['sha256:1', 'sha256:0']);
});

test('an image with tags of two environments stays while one of them counts it', () => {
  const [shared, ...others] = images(dev, 6, 100).toReversed();
  const both = { ...shared!, tags: [...shared!.tags, `${prod}-000000000001`] };
  expect(removed([both, ...others])).not.toContain(both.digest);
});

test('nothing that is young, in use or not godwit’s is ever removed', () => {
  const image = fc.record({
    digest: fc.stringMatching(/^[0-9a-f]{4}$/),
    tags: fc.array(fc.constantFrom('base-0123456789ab', 'latest', `${dev}-0123456789ab`, 'runner-1-0123456789ab'), {
      maxLength: 2,
    }),
    uploadedAt: fc.integer({ min: 0, max: now }),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(image, { selector: ({ digest }) => digest }),
      fc.array(fc.stringMatching(/^[0-9a-f]{4}$/)),
      (all, inUse) => {
        const gone = new Set(removed(all, inUse));
        for (const { digest, tags, uploadedAt } of all.filter((one) => gone.has(one.digest)))
          expect([
            inUse.includes(digest),
            tags.some((tag) => !/^(?:bundle|runner)-/.test(tag)),
            now - uploadedAt < 30 * day,
          ]).toEqual([false, false, false]);
      },
    ),
  );
});

test('a tag names version or environment, bundle and image, and is read back', () => {
  const digest = `sha256:${'cd'.repeat(32)}`;
  const bundle = { hash: 'ab'.repeat(32) };
  expect(imageTag({ version: '0.1.0', digest })).toBe('runner-0.1.0-cdcdcdcdcdcd');
  expect(imageTag({ version: '0.1.0-rc.1+build', digest })).toBe('runner-0.1.0-rc.1-build-cdcdcdcdcdcd');
  expect(imageTag({ version: '0.1.0', digest, bundle, environment: 'my-dev' })).toBe(
    'bundle-my-dev-abababababab-cdcdcdcdcdcd',
  );
  expect(environmentOfTag('bundle-my-dev-abababababab-cdcdcdcdcdcd')).toBe('my-dev');
  expect(environmentOfTag('bundle-abababababab-cdcdcdcdcdcd')).toBe('');
  expect(environmentOfTag('runner-0.1.0-cdcdcdcdcdcd')).toBeUndefined();
});
