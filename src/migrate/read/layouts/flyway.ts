import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { decodeUtf8 } from '../../../sql/encoding.ts';
import { countCharacters } from '../../../sql/position.ts';
import type { ByteSource, Folder, FolderEntry } from '../../contract/ports.ts';
import type { Convention, Manner } from '../convention.ts';
import { canonicalVersion, kindOfName, type FileName } from '../file-name.ts';
import { wayOn } from './refusal.ts';

/** Flyway's versioned files, their undo files, and the settings beside single files. */
export async function flywayConvention(folder: Folder, entries: readonly FolderEntry[]): Promise<Convention> {
  const settings = new Map<string, string>();
  for (const { name, type, outside } of entries) {
    if (type === 'file' && !outside && name.endsWith('.sql.conf')) settings.set(name, await textOf(folder, name));
  }
  return {
    layout: 'flyway',
    nameOf,
    byVersion: true,
    knownAs: (path) => (/^V([\d._]+?)__/.exec(path)?.[1] ?? path).replaceAll('_', '.'),
    manner: async (path, file, source) => await mannerOf(settings.get(`${path}.conf`) ?? '', file, source),
  };
}

async function textOf(folder: Folder, name: string): Promise<string> {
  const source = await folder.open(name);
  return decodeUtf8(await source.read(0, source.size));
}

function nameOf(path: string): FileName {
  if (/^(?:[VU]\d|R__).*\.(?:java|kt|class)$/.test(path))
    return foreign(`${path} is a migration in code. Godwit reads SQL only.`, wayOn('flyway'));
  const kind = kindOfName(path, 'spaces');
  if (kind !== 'sql') return { kind };
  const [, prefix, digits, name, verify] = /^([VU])(\d+(?:[._]\d+)*)__(.+?)(\.verify)?\.sql$/.exec(path) ?? [];
  if (digits !== undefined && name !== undefined) {
    const role = verify === undefined ? (prefix === 'U' ? 'down' : 'up') : 'verify';
    return { kind: 'script', role, version: canonicalVersion(digits.replaceAll('_', '.')), name };
  }
  if (path.startsWith('R__'))
    return foreign(
      `${path} is repeatable: Flyway runs it again whenever it has changed. Godwit runs each file once.`,
      `Give it a version, such as V100__${path.slice(3)}, and write each later change as a new version.`,
    );
  if (/^B\d/.test(path))
    return foreign(
      `${path} is a baseline: Flyway runs it in place of all older files.`,
      'Make it a squashed migration: a versioned file with `-- godwit: replaces 1..N` at its top.',
    );
  if (/^(?:before|after|create)[A-Z]/.test(path))
    return foreign(
      `${path} is a callback that Flyway runs along with migrations.`,
      'Move it out of the folder; what follows a run can be a hook (`after` in the configuration).',
    );
  return foreign(
    `Other files here are named as Flyway names migrations, V1__name.sql, and ${path} is not.`,
    'Name all files of the folder in one way: this one as Flyway does, or the others without V and with a single `_`.',
  );
}

function foreign(why: string, fix: string): FileName {
  return { kind: 'foreign', why, fix };
}

const windowSize = 1024 * 1024;

async function mannerOf(settings: string, file: string, source: ByteSource): Promise<Manner> {
  const set = new Map(
    settings.split(/\r?\n/).flatMap((line): readonly [string, string][] => {
      const [, key, value] = /^\s*([\w.]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      return key === undefined ? [] : [[key.replace(/^flyway\./, ''), value ?? '']];
    }),
  );
  const findings: Finding[] = [];
  if (set.has('shouldExecute')) {
    const why = `${file}.conf says \`shouldExecute\`, which Godwit does not evaluate.`;
    findings.push(fault('foreign-layout', { why, fix: 'Remove the setting, or the file.', where: { file } }));
  }
  if (set.get('placeholderReplacement') !== 'false') findings.push(...(await placeholders(file, source)));
  return set.get('executeInTransaction') === 'false' ? { transaction: 'none', findings } : { findings };
}

/** Flyway replaces placeholders everywhere, strings and comments included. */
async function placeholders(file: string, source: ByteSource): Promise<readonly Finding[]> {
  let line = 1;
  let rest = '';
  for (let base = 0; base < source.size; base += windowSize) {
    const text = rest + decodeUtf8(await source.read(base, base + windowSize));
    const lines = text.split('\n');
    rest = lines.pop() ?? '';
    for (const one of lines) {
      const found = placeholderIn(one, line, file);
      if (found !== undefined) return [found];
      line += 1;
    }
  }
  const found = placeholderIn(rest, line, file);
  return found === undefined ? [] : [found];
}

function placeholderIn(text: string, line: number, file: string): Finding | undefined {
  const [name] = /\$\{[^}\n]*\}?/.exec(text) ?? [];
  if (name === undefined) return undefined;
  const where = { file, line, column: countCharacters(text.slice(0, text.indexOf(name))) + 1 };
  const why = `${name} is a placeholder, for which Flyway puts in a value of its configuration.`;
  const fix = `Write the value. If it is meant literally, say so in ${file}.conf: \`placeholderReplacement=false\`.`;
  return fault('foreign-layout', { why, fix, where });
}
