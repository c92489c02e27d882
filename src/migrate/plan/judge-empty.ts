import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { decodeUtf8 } from '../../sql/encoding.ts';
import type { Migration, Role } from '../contract/model.ts';
import type { Bundle } from '../contract/ports.ts';

/**
 * The finding about a script without statements. In a folder of another tool a file of comments alone is a migration that
 * was made to do nothing: a warning. Everywhere else it is one that is not written yet.
 */
export async function judgeEmpty(bundle: Bundle, migration: Migration, role: Role): Promise<Finding> {
  if (role !== 'up') return fault('down-empty', { where: { file: migration.down?.file ?? migration.up.file } });
  const where = { file: migration.up.file };
  if (migration.knownAs === undefined || !(await holdsText(bundle, migration)))
    return fault('migration-empty', { where });
  const why = 'The file contains only comments: it is recorded as applied, and does nothing.';
  return fault('migration-empty', { where, why, fix: 'Nothing to do if that is meant.', severity: 'warning' });
}

async function holdsText(bundle: Bundle, migration: Migration): Promise<boolean> {
  const body = await bundle.body(migration, 'up');
  return decodeUtf8(await body.read(0, body.size)).trim() !== '';
}
