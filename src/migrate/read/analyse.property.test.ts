import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomScripts } from '../../../test/support/random-scripts.ts';
import { memorySource } from '../../adapters/files/byte-source.ts';
import { nodeHashing } from '../../adapters/files/hashing.ts';
import { createParser } from '../../adapters/parser/libpg-query.ts';
import { catalogue } from '../../kit/catalogue/index.ts';
import { checkSpans } from '../../sql/span-check.ts';
import type { Analysis } from '../contract/model.ts';
import type { ByteSource } from '../contract/ports.ts';
import { analyse } from './analyse.ts';
import { checksumOf, openBody } from './checksum.ts';

const ports = { parser: createParser(), hashing: nodeHashing };

test('whatever a file holds, the answer is an analysis that fits its bytes or findings with a code and a place', async () => {
  await fc.assert(
    fc.asyncProperty(randomScripts, async (bytes) => {
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
