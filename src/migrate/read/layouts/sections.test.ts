import { describe, expect, test } from 'vitest';
import { memorySource } from '../../../adapters/files/byte-source.ts';
import { decodeUtf8, encodeUtf8 } from '../../../sql/encoding.ts';
import type { SectionTool } from './section-rules.ts';
import { divideFile } from './sections.ts';

/** The two sections as text with the line they begin at, or what is wrong. */
async function divided(tool: SectionTool, text: string): Promise<unknown> {
  const bytes = encodeUtf8(text);
  const result = await divideFile(tool, memorySource(bytes), 'm/1_a.sql');
  if (!result.ok) return result.findings.map(({ why, where }) => `${where?.line ?? ''} ${why}`).join('\n');
  const shown = (section: typeof result.value.up): string | undefined =>
    section === undefined
      ? undefined
      : `${section.line}${section.transaction === 'none' ? ' alone' : ''}: ${decodeUtf8(bytes.subarray(section.start, section.end))}`;
  return [shown(result.value.up), shown(result.value.down)];
}

describe('a file with both directions is divided as its tool divides it', () => {
  test.each<[SectionTool, string, unknown]>([
    ['dbmate', '-- migrate:up\nUP;\n\n-- migrate:down\nDOWN;\n', ['2: UP;\n\n', '5: DOWN;\n']],
    ['dbmate', '-- by me\r\n--migrate:up transaction:false\r\nUP;\r\n', ['3 alone: UP;\r\n', undefined]],
    ['dbmate', '-- migrate:up\nUP;\n-- migrate:down transaction:false\nDOWN;', ['2: UP;\n', '4 alone: DOWN;']],
    ['dbmate', '-- migrate:up\nUP;\n-- migrate:down\n-- nothing to do\n', ['2: UP;\n', undefined]],
    ['goose', '-- +goose Up\nUP;\n-- +goose Down\nDOWN;', ['2: UP;\n', '4: DOWN;']],
    ['goose', '-- +GOOSE down\n-- +goose up\nUP;', ['3: UP;', undefined]],
    [
      'goose',
      '-- +goose NO TRANSACTION\n-- +goose Up\nUP;\n-- +goose Down\nDOWN;',
      ['3 alone: UP;\n', '5 alone: DOWN;'],
    ],
    [
      'goose',
      '-- +goose Up\n-- +goose StatementBegin\nA; B;\n-- +goose StatementEnd\n-- +goose Down\n',
      ['2: -- +goose StatementBegin\nA; B;\n-- +goose StatementEnd\n', undefined],
    ],
    ['sql-migrate', '-- +migrate Up\nUP;\n-- +migrate Down\nDOWN;', ['2: UP;\n', '4: DOWN;']],
    ['sql-migrate', '-- +migrate Down\nDOWN;\n-- +migrate Up notransaction\nUP;', ['4 alone: UP;', '2: DOWN;\n']],
    ['node-pg-migrate', '-- Up Migration\nUP;\n-- Down Migration\nDOWN;', ['2: UP;\n', '4: DOWN;']],
    ['node-pg-migrate', '--- DOWN migration ---\nDOWN;\n  -- up  migration\nUP;', ['4: UP;', '2: DOWN;\n']],
    ['node-pg-migrate', 'UP;\n-- a note', [undefined, undefined]],
  ])('%s: %j', async (tool, text, expected) => {
    expect(await divided(tool, text)).toEqual(expected);
  });
});

describe('`foreign-layout`: what the tool itself refuses, drops or runs in both directions is refused', () => {
  test.each<[SectionTool, string, string]>([
    ['dbmate', 'SELECT 1;', 'dbmate runs no file without `-- migrate:up`'],
    ['dbmate', '-- migrate:down\nA;\n-- migrate:up\nB;', '1 `-- migrate:down`: dbmate wants'],
    ['dbmate', 'A;\n-- migrate:up\nB;', '2 Before `-- migrate:up` there are statements'],
    ['dbmate', '-- migrate:up\nA;\n-- migrate:down\nB;\n-- migrate:up\nC;', '5 `-- migrate:up`: There is such a mark'],
    ['goose', '-- +goose Down\nA;', '1 There is a `-- +goose Down`, but no'],
    ['goose', '-- +goose ENVSUB ON\n-- +goose Up\nA;', '1 `-- +goose ENVSUB ON`: It puts environment variables'],
    ['goose', '-- +goose Up\n -- +goose Down\nA;', '2 `-- +goose Down`: goose refuses white space'],
    ['goose', '-- +goose Upp\nA;', '1 `-- +goose Upp`: goose knows no mark `Upp`'],
    ['goose', '-- +goose Up\nA;\n-- +goose Up\nB;', '3 `-- +goose Up`: There is such a mark'],
    ['sql-migrate', 'A;\n-- +migrate Up\nB;', '2 Before `-- +migrate Up` there are statements'],
    ['sql-migrate', '-- +migrate up\nB;', '1 `-- +migrate up`: sql-migrate knows no mark'],
    ['node-pg-migrate', 'A;\n-- Down Migration\nB;', '2 There is a `-- Down Migration`, but no `-- Up Migration`, so'],
  ])('%s: %j', async (tool, text, why) => {
    expect(await divided(tool, text)).toContain(why);
  });
});

test('a mark behind a very large file is found', async () => {
  const rows = '-- a comment\nINSERT INTO t VALUES (1);\n'.repeat(60_000);
  const text = `-- migrate:up\n${rows}-- migrate:down\nDOWN;`;
  expect((await divided('dbmate', text)) as string[]).toMatchObject({ 1: '120003: DOWN;' });
});
