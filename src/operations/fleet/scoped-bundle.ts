import { nodeHashing } from '../../adapters/files/hashing.ts';
import { defaultSet, migrationId, versionIn } from '../../migrate/contract/migration-id.ts';
import type { Bundle } from '../../migrate/contract/ports.ts';
import { bundleHash } from '../../migrate/read/bundle.ts';

/**
 * The same migrations as a set of their own: the schemas of one database share its history, and each has its own ids
 * and order there. Bytes and analyses stay those of `bundle`.
 */
export function scopedTo(schema: string, bundle: Bundle): Bundle {
  const set = bundle.set === defaultSet ? schema : `${bundle.set}-${schema}`;
  const migrations = bundle.migrations.map((one) => ({ ...one, id: migrationId(set, versionIn(one.id)) }));
  const scoped = { ...bundle, set, migrations, repeated: true };
  return { ...scoped, hash: bundleHash(scoped, nodeHashing) };
}
