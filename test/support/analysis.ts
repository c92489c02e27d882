import { expect } from 'vitest';
import { memorySource } from '../../src/adapters/files/byte-source.ts';
import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import { createParser } from '../../src/adapters/parser/libpg-query.ts';
import type { Outcome } from '../../src/kit/outcome.ts';
import type { Analysis } from '../../src/migrate/contract/model.ts';
import { analyse } from '../../src/migrate/read/analyse.ts';
import { checksumOf, openBody } from '../../src/migrate/read/checksum.ts';
import { encodeUtf8 } from '../../src/sql/encoding.ts';
import { checkSpans } from '../../src/sql/span-check.ts';

const ports = { parser: createParser(), hashing: nodeHashing };

/** Analyses a file with this content. */
export async function analysisOf(content: string | Uint8Array): Promise<Outcome<Analysis>> {
  const bytes = typeof content === 'string' ? encodeUtf8(content) : content;
  const source = memorySource(bytes);
  const script = { file: 'm/1_x.sql', checksum: await checksumOf(source, nodeHashing), size: bytes.length };
  return analyse(script, source, ports);
}

/** The analysis of a file that must be accepted; checks that its spans fit the text. */
export async function taken(text: string): Promise<Analysis> {
  const result = await analysisOf(text);
  if (!result.ok) throw new Error(JSON.stringify(result.findings));
  const { source } = await openBody(memorySource(encodeUtf8(text)));
  expect(await checkSpans(source, result.value.statements, result.value.absorbed)).toBeUndefined();
  return result.value;
}

/** Codes and places of everything that is refused in it. */
export async function refusals(content: string | Uint8Array): Promise<readonly string[]> {
  const result = await analysisOf(content);
  return result.ok ? [] : result.findings.map(({ code, where }) => `${code} ${where?.line}:${where?.column}`);
}
