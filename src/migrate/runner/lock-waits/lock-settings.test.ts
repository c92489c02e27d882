import { expect, test } from 'vitest';
import type { LockClass } from '../../../sql/locks.ts';
import type { Statement } from '../../contract/model.ts';
import { lockSettings } from './lock-settings.ts';
import { defaultLockPolicy, firstWait, type LockPolicy } from '../../contract/lock-policy.ts';

/** The settings in front of statements of these classes; `RESET` stands for itself. */
function settings(
  classes: readonly (LockClass | 'none' | 'RESET')[],
  more: Partial<LockPolicy> & { readonly guarded?: boolean; readonly held?: boolean } = {},
): readonly (string | undefined)[] {
  const statements = classes.map((one) => ({
    tag: one === 'RESET' ? 'RESET' : 'ALTER TABLE',
    ...(one === 'strong' || one === 'patient' ? { lock: one } : {}),
  })) as unknown as readonly Statement[];
  const { guarded = false, held = false, ...options } = more;
  const segment = { kind: 'transaction' as const, first: 0, last: classes.length - 1 };
  const found = lockSettings({ analysis: { statements }, locks: { ...defaultLockPolicy, ...options } }, segment, {
    guarded,
    held,
  });
  return classes.map((_, index) => found.get(index)?.replace('SET LOCAL lock_timeout TO ', ''));
}

test('nothing is set where nobody is stalled', () => {
  expect(settings(['none', 'none'])).toEqual([undefined, undefined]);
});

test('it is set once in front of the first strong lock, and nothing behind it waits longer', () => {
  expect(settings(['none', 'strong', 'none', 'patient', 'strong'])).toEqual([
    undefined,
    "'150ms'",
    undefined,
    undefined,
    undefined,
  ]);
});

test('behind a long wait the usual one holds again', () => {
  expect(settings(['patient', 'patient', 'none', 'none', 'strong'])).toEqual([
    "'1800000ms'",
    undefined,
    "'30000ms'",
    undefined,
    "'150ms'",
  ]);
});

test('after a RESET of the file it is set anew', () => {
  expect(settings(['strong', 'RESET', 'none'])).toEqual(["'150ms'", undefined, "'150ms'"]);
  expect(settings(['RESET', 'none'])).toEqual([undefined, undefined]);
});

test('a longer wait for the first strong lock does not reach those behind it', () => {
  expect(settings(['strong', 'strong', 'none'], { firstMs: 600 })).toEqual(["'600ms'", "'150ms'", undefined]);
});

test('behind locks of godwit’s own everything waits shortly already', () => {
  expect(settings(['patient', 'strong', 'none'], { guarded: true })).toEqual([undefined, undefined, undefined]);
});

test('where only short transactions are in the way, later tries wait longer, up to a second', () => {
  expect([2, 6, 7, 8, 9, 30].map(firstWait)).toEqual([undefined, undefined, 300, 600, 1000, 1000]);
});

test('where an earlier migration of the transaction may hold strong locks, everything waits shortly from the first statement on', () => {
  expect(settings(['none', 'patient', 'RESET', 'none'], { held: true })).toEqual([
    "'150ms'",
    undefined,
    undefined,
    "'150ms'",
  ]);
});
