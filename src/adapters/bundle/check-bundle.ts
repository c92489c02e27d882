import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { Analysis, Migration, Role } from '../../migrate/model.ts';
import type { ByteSource, Hashing } from '../../migrate/ports.ts';
import { checksumOf } from '../../migrate/read/checksum.ts';
import { splitStream } from '../../sql/stream.ts';
import type { Manifest } from './bundle-folder.ts';

type BodyOf = (migration: Migration, role: Role) => Promise<ByteSource>;

/**
 * What does not fit in a bundle that arrived: checksums are computed again from the bytes, and every span must lie in
 * range, ascend, and begin and end where the lexer sees a statement begin and end. Modes, objects and derived checks
 * are trusted: whoever may start a run may run any SQL anyway.
 */
export async function checkBundle(manifest: Manifest, body: BodyOf, hashing: Hashing): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const migration of manifest.migrations) {
    for (const role of ['up', 'down', 'verify'] as const) {
      const script = migration[role];
      const analysis = manifest.analyses[`${migration.id}:${role}`];
      if (script === undefined || analysis === undefined) continue;
      const source = await body(migration, role);
      const where = { file: script.file };
      if ((await checksumOf(source, hashing)) !== script.checksum)
        findings.push(fault('bundle-damaged', { where, why: 'The bytes that arrived have another checksum.' }));
      else if (!(await spansFit(source, analysis)))
        findings.push(fault('bundle-damaged', { where, why: 'A span does not lie on the borders of its statement.' }));
    }
  }
  return findings;
}

async function spansFit(source: ByteSource, analysis: Analysis): Promise<boolean> {
  const heads = new Set(analysis.statements.map(({ head }) => head));
  const ends = new Set(analysis.statements.map(({ end }) => end));
  let last = 0;
  for (const { start, head, end } of analysis.statements) {
    if (start < last || head < start || end <= head || end > source.size) return false;
    last = end;
  }
  for await (const step of splitStream(source)) {
    for (const piece of step.pieces) {
      heads.delete(piece.head);
      ends.delete(piece.end);
    }
  }
  return heads.size === 0 && ends.size === 0;
}
