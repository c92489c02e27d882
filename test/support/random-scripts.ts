import * as fc from 'fast-check';
import { encodeUtf8 } from '../../src/sql/encoding.ts';

const lines = fc.constantFrom(
  'begin;|commit;|end;|commit and chain;|rollback;|savepoint a;|rollback to a;|release a;|set transaction read only;|begin isolation level serializable;|set a.b = 1;|vacuum;|select 1;|selct 1;|create temp table t (a int);|drop table t cascade;'.split(
    '|',
  ),
  [
    'insert into t values (1);',
    "insert into t values (E'\\'');",
    'copy t from stdin;',
    '1',
    '\\.',
    '\\connect x',
    '\\restrict x',
  ],
  [
    '-- godwit: transaction=none',
    '-- godwit: frozen',
    '-- godwit: expect select 1 => 1',
    '-- godwit: x',
    '/* godwit: y */',
  ],
  [
    "alter type t add value 'x';",
    'do $$ begin end $$;',
    '$$',
    "'",
    '"',
    '/*',
    '*/',
    ';',
    '\u00a0',
    '\0',
    '\ufeff',
    '(',
    ')',
  ],
  [
    'create index concurrently i on t (a);',
    'set client_encoding = latin1;',
    'create function f() returns int begin atomic',
    'end;',
  ],
);
/** The bytes of scripts: lines that mean something together, in any order, or anything at all. */
export const randomScripts = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(
        lines.chain((group) => fc.constantFrom(...group)),
        { maxLength: 12 },
      )
      .map((parts) => encodeUtf8(parts.join('\n'))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) },
);
