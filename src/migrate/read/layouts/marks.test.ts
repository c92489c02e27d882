import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../../../sql/encoding.ts';
import { findMark } from './marks.ts';

const mark = (text: string): ReturnType<typeof findMark> => findMark(encodeUtf8(text));

describe('a mark of a tool', () => {
  test.each([
    ['dbmate', '-- migrate:up\nSELECT 1;'],
    ['dbmate', '-- Copyright\n--migrate:up transaction:false\nSELECT 1;'],
    ['dbmate', 'SELECT 1;\n-- migrate:down\r\nSELECT 2;'],
    ['goose', '-- +goose Up\nSELECT 1;'],
    ['goose', '--+goose DOWN\n'],
    ['goose', '-- +goose NO TRANSACTION\n-- +goose Up'],
    ['sql-migrate', '-- +migrate Up notransaction\nSELECT 1;'],
    ['node-pg-migrate', '-- Up Migration\nSELECT 1;\n-- Down Migration'],
    ['node-pg-migrate', 'SELECT 1;\n--- down migration ---\nSELECT 1;'],
    ['liquibase', '--liquibase formatted sql\n--changeset a:1'],
    ['sqitch', '-- Deploy flipr:users to pg\nBEGIN;'],
  ])('of %s is found in %j', (tool, text) => {
    expect(mark(text)?.tool).toBe(tool);
  });

  test.each([
    '-- Down\nSELECT 1;',
    '-- Up Migration\nSELECT 1;',
    '-- Down Migration for the table users\nSELECT 1;',
    '-- the down migration is in the file beside it',
    '-- Up migration of the users, see 3',
    "INSERT INTO docs VALUES ('\n-- migrate:down\n-- +goose Down\n');",
    'CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$\n-- +migrate Down\nSELECT 1 $$;',
    '/*\n-- migrate:up\n*/ SELECT 1;',
    '-- see dbmate: migrate:up is its mark',
    '-- +goose is a tool',
    '-- +GOOSE Up',
  ])('is not seen in %j', (text) => {
    expect(mark(text)).toBeUndefined();
  });

  test('has its line', () => {
    expect(mark('-- one\n\nSELECT 1;\n-- migrate:down\n')).toEqual({
      tool: 'dbmate',
      text: '-- migrate:down',
      line: 4,
    });
  });
});
