import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { Analysis, Migration, Role } from '../../migrate/contract/model.ts';
import type { ByteSource, Hashing } from '../../migrate/contract/ports.ts';
import { checksumOf } from '../../migrate/read/checksum.ts';
import { createTurns, yieldingSource } from '../files/yielding-source.ts';
import { checkSpans } from '../../sql/span-check.ts';
import { analysisKey } from './analysis-key.ts';
import type { Manifest } from './manifest.ts';

type BodyOf = (migration: Migration, role: Role) => Promise<ByteSource>;

/**
 * Lists what is inconsistent in a bundle that arrived. Checksums are computed again from the bytes; every span must lie
 * in range, ascend, and begin and end where the lexer sees a statement begin and end. Modes, objects and derived checks
 * are trusted: anyone who may start a run may run any SQL anyway.
 */
export async function checkBundle(manifest: Manifest, body: BodyOf, hashing: Hashing): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  // A connection may be under way meanwhile.
  const turn = createTurns();
  for (const migration of manifest.migrations) {
    for (const role of ['up', 'down', 'verify'] as const) {
      const script = migration[role];
      const analysis = manifest.analyses[analysisKey(migration, role)];
      if (script === undefined || analysis === undefined) continue;
      const source = yieldingSource(await body(migration, role), turn);
      const where = { file: script.file };
      if ((await checksumOf(source, hashing)) !== script.checksum)
        findings.push(fault('bundle-damaged', { where, why: 'The bytes that arrived have a different checksum.' }));
      const wrong = (await checkSpans(source, analysis.statements, analysis.absorbed)) ?? uncovered(analysis);
      if (wrong !== undefined)
        findings.push(fault('bundle-damaged', { where, why: `The analysis does not match the file: ${wrong}.` }));
    }
  }
  return findings;
}

/** A statement outside all segments would be recorded without having run. */
function uncovered({ segments, statements }: Analysis): string | undefined {
  let next = 0;
  for (const { kind, first, last } of segments) {
    if (first !== next || last < first || (kind === 'standalone' && last > first))
      return `no segment begins at statement ${next}`;
    next = last + 1;
  }
  return next === statements.length ? undefined : `${next} of ${statements.length} statements are in segments`;
}
