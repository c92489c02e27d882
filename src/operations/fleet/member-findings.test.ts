import { expect, test } from 'vitest';
import { catalogue } from '../../kit/catalogue/index.ts';
import { fault } from '../../kit/fault.ts';
import type { FaultCode } from '../../kit/catalogue/index.ts';
import { findingOf } from './member-findings.ts';

const member = { name: 't21' };
const dangerous = /`godwit (?:up|down|adopt|runs|db|verify|status|exec)\b/;

test('no fix of any fault names a command that would work on the database of the environment', () => {
  for (const code of Object.keys(catalogue) as FaultCode[]) {
    const { fix, why } = findingOf(member, fault(code));
    expect(fix, code).not.toMatch(dangerous);
    expect(fix, code).not.toContain('db reset');
    expect(why, code).not.toMatch(dangerous);
  }
});

test('what is lost is named, and how a command is run for this database alone', () => {
  const fix = '`godwit adopt 1` records it. Or start again: `godwit db reset --up` drops this local database.';
  expect(findingOf(member, fault('objects-gone', { fix })).fix).toBe(
    '`adopt 1` records it. Run it on t21 alone: see “One tenant alone” in docs/fleet.md.',
  );
  expect(findingOf(member, fault('interrupted', { fix: 'Run `godwit up` again.' })).fix).toBe('Run `up` again.');
});
