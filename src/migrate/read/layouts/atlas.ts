import { fault } from '../../../kit/fault.ts';
import { decodeUtf8 } from '../../../sql/encoding.ts';
import type { ByteSource } from '../../contract/ports.ts';
import type { Convention, Manner } from '../convention.ts';
import { canonicalVersion, kindOfName } from '../file-name.ts';
import { byLetters } from './order.ts';

/** `<version>_<name>.sql` or `<version>.sql`, with directives at the head of a file. */
export const atlasConvention: Convention = {
  layout: 'atlas',
  order: byLetters,
  nameOf(path) {
    const kind = kindOfName(path);
    if (kind !== 'sql') return { kind };
    const [, digits, name, role] = /^(\d+)(?:_(.+?))?(?:\.(down|verify))?\.sql$/.exec(path) ?? [];
    if (digits === undefined) return { kind: 'no-version' };
    return {
      kind: 'script',
      role: role === 'down' || role === 'verify' ? role : 'up',
      version: canonicalVersion(digits),
      name: name ?? digits,
    };
  },
  knownAs: (path) => /^\d+/.exec(path)?.[0] ?? path,
  manner: readDirectives,
};

const headSize = 16 * 1024;

/** Directives for a whole file are comments at its head, set off by an empty line. */
async function readDirectives(_: string, file: string, source: ByteSource): Promise<Manner> {
  const lines = decodeUtf8(await source.read(0, headSize)).split(/\r?\n/);
  const end = lines.findIndex((line) => !line.startsWith('--'));
  if (end < 0 || lines[end]?.trim() !== '') return { findings: [] };
  let transaction: 'none' | undefined;
  for (const [at, line] of lines.slice(0, end).entries()) {
    const [, name, value = ''] = /^-- *atlas:(\w+)(?: +(.+))?$/.exec(line.trimEnd()) ?? [];
    if (name === 'txmode' && value === 'none') transaction = 'none';
    if (name === undefined || !notRead.has(name)) continue;
    const why = `\`${line.trim()}\`: Godwit does not do what this asks for.`;
    const fix = notRead.get(name) ?? '';
    return { findings: [fault('foreign-layout', { why, fix, where: { file, line: at + 1, column: 1 } })] };
  }
  return transaction === undefined ? { findings: [] } : { transaction, findings: [] };
}

const notRead: ReadonlyMap<string, string> = new Map([
  ['delimiter', 'Remove the directive, and end each statement with a semicolon.'],
  ['checkpoint', 'Make it a squashed migration: `-- godwit: replaces 1..N` in place of the directive.'],
  ['txtar', 'Put each part into a file of its own: NAME.sql, NAME.down.sql, NAME.verify.sql.'],
  ['import', 'Write the imported statements into the file.'],
]);
