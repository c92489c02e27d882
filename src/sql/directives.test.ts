import { expect, test } from 'vitest';
import { readDirectives } from './directives.ts';

test.each([
  ['godwit: transaction=none', [{ kind: 'transaction', value: 'none' }]],
  [
    'godwit:lock-timeout = 5s statement-timeout=10min',
    [
      { kind: 'lock-timeout', value: '5s' },
      { kind: 'statement-timeout', value: '10min' },
    ],
  ],
  ['Godwit: frozen', [{ kind: 'frozen' }]],
  ['godwit: replaces 01..50', [{ kind: 'replaces', ranges: [{ from: '1', to: '50' }] }]],
  [
    'godwit: replaces 1 .. 50, 52 count=51 frozen',
    [
      {
        kind: 'replaces',
        ranges: [
          { from: '1', to: '50' },
          { from: '52', to: '52' },
        ],
        count: 51,
      },
      { kind: 'frozen' },
    ],
  ],
  [
    'godwit: allow=drop-column reason="unused since May"',
    [{ kind: 'allow', rule: 'drop-column', reason: 'unused since May' }],
  ],
  [
    'godwit: expect select count(*) from users => 3',
    [{ kind: 'expect', query: 'select count(*) from users', expected: '3' }],
  ],
  [
    "godwit: expect select '=>' as a => 'x => y'",
    [{ kind: 'expect', query: "select '=>' as a", expected: "'x => y'" }],
  ],
  ['godwit: expect select null; => NULL', [{ kind: 'expect', query: 'select null', expected: 'NULL' }]],
  ['godwit: expect select 1 => -1.5e3', [{ kind: 'expect', query: 'select 1', expected: '-1.5e3' }]],
  ['godwit is the bird with the longest flight', []],
])('%s', (comment, directives) => {
  expect(readDirectives(comment)).toEqual({ directives });
});

test.each([
  ['godwit: transacton=none', 'directive-unknown', 'Did you mean `transaction`?'],
  ['godwit: lock_timeout=5s', 'directive-unknown', 'Did you mean `lock-timeout`?'],
  ['godwit transaction=none', 'directive-unknown', 'Write `-- godwit: …`.'],
  ['godwit: bananas', 'directive-unknown', undefined],
  ['godwit:', 'directive-invalid', undefined],
  ['godwit: transaction=some', 'directive-invalid', 'Write `transaction=none`, or leave it out.'],
  ['godwit: transaction', 'directive-invalid', 'Write `transaction=none`.'],
  ['godwit: lock-timeout=soon', 'directive-invalid', 'Write `lock-timeout=5s`; units are us, ms, s, min, h, d.'],
  ['godwit: replaces', 'directive-invalid', 'Write `-- godwit: replaces 1..50`.'],
  ['godwit: replaces 50..1', 'directive-invalid', 'Write `-- godwit: replaces 1..50`.'],
  ['godwit: replaces 1..5, 3', 'directive-invalid', 'Write `-- godwit: replaces 1..50`.'],
  ['godwit: replaces users', 'directive-invalid', 'Write `-- godwit: replaces 1..50`.'],
  ['godwit: frozen=yes', 'directive-invalid', 'Write `-- godwit: frozen`.'],
  ['godwit: allow=drop-column', 'directive-invalid', 'Write `allow=drop-column reason="why this is safe here"`.'],
  [
    'godwit: allow=drop-column reason=" "',
    'directive-invalid',
    'Write `allow=drop-column reason="why this is safe here"`.',
  ],
  ['godwit: expect select 1', 'directive-invalid', 'Write `expect select count(*) from users => 3`.'],
  ['godwit: expect select 1 => select 1', 'directive-invalid', 'Write `expect select count(*) from users => 3`.'],
])('%s is refused', (comment, code, fix) => {
  const { directives, problem } = readDirectives(comment);
  expect(directives).toEqual([]);
  expect(problem?.code).toBe(code);
  expect(problem?.fix).toBe(fix);
});
