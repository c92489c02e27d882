import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { memorySource } from '../../adapters/files/byte-source.ts';
import { nodeHashing } from '../../adapters/files/hashing.ts';
import { createParser } from '../../adapters/parser/libpg-query.ts';
import { catalogue } from '../../kit/catalogue/index.ts';
import { encodeUtf8 } from '../../sql/encoding.ts';
import { checkSpans } from '../../sql/span-check.ts';
import type { Analysis } from '../contract/model.ts';
import type { ByteSource } from '../contract/ports.ts';
import { analyse } from './analyse.ts';
import { checksumOf, openBody } from './checksum.ts';

const ports = { parser: createParser(), hashing: nodeHashing };

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
const files = fc.oneof(
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

test('whatever a file holds, the answer is an analysis that fits its bytes or findings with a code and a place', async () => {
  await fc.assert(
    fc.asyncProperty(files, async (bytes) => {
      const source = memorySource(bytes);
      const script = { file: '1_x.sql', checksum: await checksumOf(source, nodeHashing), size: bytes.length };
      const result = await analyse(script, source, ports);
      expect(result.ok ? await misfits(result.value, source) : undefined).toBeUndefined();
      expect(result.ok || result.findings.length > 0).toBe(true);
      const findings = result.ok ? result.value.findings : result.findings;
      for (const { code, where } of findings) {
        expect(Object.keys(catalogue)).toContain(code);
        expect(where?.file).toBe('1_x.sql');
      }
    }),
    { numRuns: 1500, interruptAfterTimeLimit: 5000, markInterruptAsFailure: false },
  );
});

/** What does not fit between an analysis and its file, in words. */
async function misfits(found: Analysis, file: ByteSource): Promise<string | undefined> {
  const { statements, absorbed, segments, size } = found;
  const { source } = await openBody(file);
  if (size !== source.size) return 'size';
  const covered = segments.flatMap(({ first, last }) => statements.slice(first, last + 1));
  if (covered.length !== statements.length || covered.some((one, index) => one !== statements[index]))
    return 'segments';
  return checkSpans(source, statements, absorbed);
}
