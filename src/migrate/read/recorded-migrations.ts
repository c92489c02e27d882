import { ok } from '../../kit/outcome.ts';
import type { Migration } from '../contract/model.ts';
import type { Bundle, ByteSource } from '../contract/ports.ts';
import { compareVersions } from './file-name.ts';
import { versionIn } from '../contract/migration-id.ts';
import { analyse, type AnalysisPorts } from './analyse.ts';
import { bundleHash } from './bundle.ts';
import { nothing, nothingAnalysed } from './nothing.ts';

/** A migration without files, with the text of its down file as stored in the history. */
export interface RecordedMigration {
  readonly id: string;
  readonly name: string;
  /** Its file and checksum, as it was applied. */
  readonly up: { readonly file: string; readonly checksum: string };
  readonly down: { readonly file: string; readonly checksum: string };
  /** Bytes of the down file, without BOM. */
  readonly text: ByteSource;
}

/** The bundle with migrations that have no files, so that `down` can undo them. Their texts are analysed here. */
export function withRecorded(bundle: Bundle, recorded: readonly RecordedMigration[], ports: AnalysisPorts): Bundle {
  const known = new Set(bundle.migrations.map(({ id }) => id));
  const added = new Map(recorded.filter(({ id }) => !known.has(id)).map((one) => [one.id, one]));
  const own = [...added.values()].map(({ id, name, up, down, text }): Migration => ({
    id,
    name,
    up: { ...up, size: 0 },
    down: { ...down, size: text.size },
    recorded: true,
  }));
  const migrations = [...bundle.migrations, ...own].sort((a, b) => compareVersions(versionIn(a.id), versionIn(b.id)));
  return {
    ...bundle,
    migrations,
    hash: bundleHash({ ...bundle, migrations }, ports.hashing),
    async analysis(migration, role) {
      const one = added.get(migration.id);
      if (one === undefined) return await bundle.analysis(migration, role);
      if (role !== 'down') return ok(nothingAnalysed);
      return await analyse({ ...one.down, size: one.text.size }, one.text, ports);
    },
    async body(migration, role) {
      const one = added.get(migration.id);
      if (one === undefined) return await bundle.body(migration, role);
      return role === 'down' ? one.text : nothing;
    },
  };
}
