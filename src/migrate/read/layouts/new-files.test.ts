import { describe, expect, test } from 'vitest';
import type { Layout } from '../../contract/tool.ts';
import { newFiles } from './new-files.ts';

const now = { ms: 1_780_000_000_123, iso: '2026-05-28T20:26:40.123Z' };

function made(layout: Exclude<Layout, 'native'>, present: readonly string[], down = false): unknown {
  const result = newFiles(layout, { present, name: 'add_x', down, now });
  return result.ok ? [result.value.version, ...result.value.texts.keys()] : result.findings.map(({ fix }) => fix);
}

describe('a new migration is written as its tool would write it', () => {
  test.each<[Exclude<Layout, 'native'>, readonly string[], readonly string[]]>([
    ['dbmate', ['20240101000000_a.sql'], ['20260528202640', '20260528202640_add_x.sql']],
    ['goose', ['00007_a.sql', '00012_b.sql'], ['13', '00013_add_x.sql']],
    ['sql-migrate', ['20240101000000-a.sql'], ['20260528202640', '20260528202640-add_x.sql']],
    ['sql-migrate', ['1_a.sql'], ['2', '2_add_x.sql']],
    ['node-pg-migrate', ['1700000000000_a.sql'], ['1780000000123', '1780000000123_add_x.sql']],
    ['node-pg-migrate', [], ['1780000000123', '1780000000123_add_x.sql']],
    ['golang-migrate', ['000009_a.up.sql'], ['10', '000010_add_x.up.sql']],
    ['golang-migrate', ['1700000000_a.up.sql'], ['1780000000', '1780000000_add_x.up.sql']],
    ['flyway', ['V2.1__a.sql', 'V2_10__b.sql', 'R__v.sql'], ['2.11', 'V2_11__add_x.sql']],
    ['flyway', [], ['1', 'V1__add_x.sql']],
    ['prisma', ['20240101000000_a', 'migration_lock.toml'], ['20260528202640', '20260528202640_add_x/migration.sql']],
    ['supabase', ['20240101000000_a.sql'], ['20260528202640', '20260528202640_add_x.sql']],
  ])('%s beside %j', (layout, present, expected) => {
    expect(made(layout, present)).toEqual(expected);
  });

  test('later than a version that is ahead of the clock', () => {
    expect(made('dbmate', ['20990101000000_a.sql'])).toEqual(['20990101000001', '20990101000001_add_x.sql']);
  });

  test('with a file for the way back where the layout has one', () => {
    expect(made('golang-migrate', [], true)).toEqual(['1', '000001_add_x.up.sql', '000001_add_x.down.sql']);
    expect(made('flyway', [], true)).toEqual(['1', 'V1__add_x.sql', 'U1__add_x.sql']);
    expect(made('goose', ['1_a.sql'], true)).toEqual(['2', '2_add_x.sql']);
  });

  test('both directions have their marks', () => {
    const result = newFiles('dbmate', { present: ['1_a.sql'], name: 'x', down: false, now });
    expect(result).toMatchObject({ value: { texts: new Map([['2_x.sql', '-- migrate:up\n\n-- migrate:down\n']]) } });
  });
});

test('`foreign-layout`: tools that keep a list of their files write new ones themselves', () => {
  expect(made('atlas', [])).toEqual(['`atlas migrate new add_x` writes the next migration.']);
  expect(made('drizzle', [])).toEqual(['`npx drizzle-kit generate --custom --name=add_x` writes the next migration.']);
});
