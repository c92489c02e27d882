import { expect, test } from 'vitest';
import { split } from '../../../sql/split.ts';
import type { Analysis, Statement } from '../../contract/model.ts';
import type { ServerError } from '../../contract/ports.ts';
import { MessageBuilder, opening, settling, type Message } from './message.ts';
import { placeError } from './place-error.ts';

function made(sql: string): { readonly message: Message; readonly analysis: Analysis } {
  const bytes = new TextEncoder().encode(sql);
  const statements = split(bytes).pieces.map(({ start, head, end, line, column }): Statement => ({
    start,
    head,
    end,
    line,
    column,
    count: 1,
    tag: 'TAG',
    kind: 'sql',
    transactional: true,
    opaque: false,
    hash: '',
  }));
  const builder = new MessageBuilder().own('before', opening('1', ''));
  for (const [index, statement] of statements.entries())
    builder.user(index, new TextDecoder().decode(bytes.subarray(statement.start, statement.end)), statement).tick();
  const analysis: Analysis = {
    size: bytes.length,
    bom: 0,
    statements,
    segments: [],
    absorbed: 0,
    looks: [],
    rows: [],
    seeds: [],
    findings: [],
    directives: { frozen: false, allow: [], expect: [] },
  };
  return { message: builder.own('after', settling).build(), analysis };
}

function place(sql: string, error: Partial<ServerError>, completed = 0, partial = false): string {
  const { message, analysis } = made(sql);
  const refusal = { ok: false, completed, error: { sqlstate: '42703', message: 'no', lost: false, ...error } } as const;
  const finding = placeError(refusal, { message, analysis, file: 'm.sql', partial });
  return `${finding.code} ${finding.where?.line ?? '-'}:${finding.where?.column ?? '-'}`;
}

/** The position that the server would report for the first occurrence of `word`: code points from 1. */
function positionOf(sql: string, word: string): number {
  const { text } = made(sql).message;
  return Array.from(text.slice(0, text.indexOf(word))).length + 1;
}

const before = opening('1', '').length;

test('a position in the message becomes line and column in the file, past comments and characters beyond ASCII', () => {
  const sql = `-- ärger \u{1F426}\nselect 1;\n/* x */ select '\u{1F426}', wrong\nfrom t;`;
  expect(place(sql, { position: positionOf(sql, 'wrong') })).toBe('statement-failed 3:21');
  expect(place(sql, { position: positionOf(sql, 'from t') })).toBe('statement-failed 4:1');
});

test('an error without a position belongs to the statement behind the completed ones (`statement-failed`)', () => {
  const sql = 'select 1;\nselect 2;\nselect 3;';
  expect(place(sql, { sqlstate: '23505' }, before)).toBe('statement-failed 1:1');
  expect(place(sql, { sqlstate: '23505' }, before + 4)).toBe('statement-failed 3:1');
});

test('a deferred failure is placed at the file, not at a statement', () => {
  const sql = 'select 1;\nselect 2;';
  expect(place(sql, { sqlstate: '23503' }, before + 4)).toBe('statement-failed -:-');
});

test('the code follows the SQLSTATE and what stands (`partly-applied`, `transaction-escaped`)', () => {
  expect(place('vacuum', { sqlstate: '25001' }, before)).toBe('not-transactional 1:1');
  expect(place('select 1', { sqlstate: '55P03' }, before)).toBe('lock-timeout 1:1');
  expect(place('select 1', { lost: true }, before)).toBe('connection-lost 1:1');
  for (const sqlstate of ['25P03', '25P04', '57P05']) {
    expect(place('select 1', { lost: true, sqlstate }, before)).toBe('statement-failed 1:1');
    expect(place('select 1', { lost: true, sqlstate }, before, true)).toBe('partly-applied 1:1');
  }
  expect(place('select 1', {}, before, true)).toBe('partly-applied 1:1');
  expect(place('select 1', { sqlstate: 'GW003' }, before + 3)).toBe('transaction-escaped -:-');
});
