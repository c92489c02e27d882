import type { Convention } from '../convention.ts';
import { canonicalVersion, kindOfName } from '../file-name.ts';

/** `<version>_<name>.up.sql` and `.down.sql`. */
export const golangMigrateConvention: Convention = {
  layout: 'golang-migrate',
  byVersion: true,
  nameOf(path) {
    const kind = kindOfName(path);
    if (kind !== 'sql') return { kind };
    const [, digits, name, direction] = /^(\d+)_(.*)\.(up|down|verify)\.sql$/.exec(path) ?? [];
    if (digits !== undefined && (direction === 'up' || direction === 'down' || direction === 'verify'))
      return {
        kind: 'script',
        role: direction,
        version: canonicalVersion(digits),
        name: name === undefined || name === '' ? digits : name,
      };
    const why = `${path} is next to pairs of golang-migrate (NAME.up.sql, NAME.down.sql), and golang-migrate does not run it.`;
    const fix =
      'Rename it to end in `.up.sql` if it is a migration, or move it elsewhere. In the native layout no file ends in `.up.sql`.';
    return { kind: 'foreign', why, fix };
  },
  knownAs: (_, version) => version,
};
