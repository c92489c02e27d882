import type { PartName } from '../../contract/definition.ts';
import { sequenceOptions, tableSettings } from './create-statement.ts';
import { wordOf, wordsOf, type DescribedObject } from './draft-object.ts';
import type { PartHome, DraftStatement } from './drop-statement.ts';
import { keywordOf, simpleName } from './names.ts';

/** An object that remains and was changed, and its home under the former name. */
export interface ChangedObject {
  readonly was: DescribedObject;
  readonly is: DescribedObject;
  readonly home: PartHome;
}

/** Restores the former definition of an object that remains. Empty for kinds that are dropped and recreated. */
export function alterStatements(changed: ChangedObject): readonly DraftStatement[] {
  const { was, is } = changed;
  switch (was.kind) {
    case 'table':
    case 'foreign table':
      return [
        ...tableSettings(was, is),
        ...storageOptions(changed),
        ...notAltered(changed, ['access method', 'tuning tablespace', 'partition by', 'of type']),
      ];
    case 'view':
    case 'materialized view':
      return storageOptions(changed);
    case 'column':
      return columnChanges(changed);
    case 'sequence':
      return sequenceChanges(changed);
    case 'type':
    case 'domain':
      return typeChanges(changed);
    case 'index':
      return [
        ...storageOptions(changed),
        ...clustered(changed),
        ...notAltered(changed, ['not valid', 'tuning tablespace']),
      ];
    case 'trigger':
    case 'rule':
      return switched(changed);
    case 'statistics':
      return notAltered(changed, ['tuning statistics']);
    case 'constraint':
      return notAltered(changed, ['not enforced by its triggers']);
    case 'schema':
    case 'function':
    case 'procedure':
    case 'policy':
    case 'composite type':
      return [];
    default:
      return [{ gap: `${was.kind} ${was.name} was changed: write the statement that changes it back.` }];
  }
}

function differs({ was, is }: ChangedObject, part: PartName): boolean {
  return wordOf(was, part) !== wordOf(is, part);
}

function notAltered(changed: ChangedObject, parts: readonly PartName[]): readonly DraftStatement[] {
  const { was } = changed;
  return parts
    .filter((part) => differs(changed, part))
    .map((part) => ({
      gap: `${was.kind} ${was.name}: ${part.replace(/^tuning /, '')} was ${wordOf(was, part) ?? 'not set'}; it remains unchanged.`,
    }));
}

/** SET the options that were set before, RESET the others. */
function storageOptions({ was, is }: ChangedObject): readonly DraftStatement[] {
  const all = (object: DescribedObject): readonly string[] => [
    ...wordsOf(object, 'option'),
    ...wordsOf(object, 'tuning option'),
  ];
  const set = all(was).filter((option) => !all(is).includes(option));
  const keys = new Set(all(was).map((option) => option.split('=')[0]));
  const reset = all(is)
    .map((option) => option.split('=')[0] ?? '')
    .filter((key) => !keys.has(key));
  const alter = `ALTER ${keywordOf(was.kind)} ${was.name}`;
  return [
    ...(set.length === 0 ? [] : [{ sql: `${alter} SET (${set.join(', ')})` }]),
    ...(reset.length === 0 ? [] : [{ sql: `${alter} RESET (${reset.join(', ')})` }]),
  ];
}

function clustered(changed: ChangedObject): readonly DraftStatement[] {
  const { was, home } = changed;
  if (!differs(changed, 'tuning clustered')) return [];
  const how = wordOf(was, 'tuning clustered') === 'yes' ? `CLUSTER ON ${simpleName(was.name)}` : 'SET WITHOUT CLUSTER';
  return [{ sql: `ALTER ${keywordOf(home.kind)} ${home.name} ${how}` }];
}

function switched(changed: ChangedObject): readonly DraftStatement[] {
  const { was, home } = changed;
  if (!differs(changed, 'fires') && !differs(changed, 'applies')) return [];
  const how = { never: 'DISABLE', always: 'ENABLE ALWAYS', 'on replicas': 'ENABLE REPLICA' }[
    wordOf(was, 'fires') ?? wordOf(was, 'applies') ?? ''
  ];
  return [{ sql: `ALTER TABLE ${home.name} ${how ?? 'ENABLE'} ${keywordOf(was.kind)} ${simpleName(was.name)}` }];
}

const storages: Readonly<Record<string, string>> = { p: 'PLAIN', e: 'EXTERNAL', m: 'MAIN', x: 'EXTENDED' };

function columnChanges(changed: ChangedObject): readonly DraftStatement[] {
  const { was, is, home } = changed;
  const own = simpleName(was.name);
  const word = (part: PartName): string | undefined => wordOf(was, part);
  const lines: DraftStatement[] = [];
  if (home.kind === 'composite type') {
    if (differs(changed, 'type'))
      lines.push({ sql: `ALTER TYPE ${home.name} ALTER ATTRIBUTE ${own} TYPE ${word('type') ?? ''}` });
    return lines;
  }
  const alter = (action: string): void =>
    void lines.push({ sql: `ALTER ${keywordOf(home.kind)} ${home.name} ALTER COLUMN ${own} ${action}` });
  if (word('identity') === undefined && differs(changed, 'identity')) alter('DROP IDENTITY');
  const retyped = differs(changed, 'type') || differs(changed, 'collation');
  // The default of the new type may not fit the former type.
  if (wordOf(is, 'default') !== undefined && (retyped || word('default') === undefined)) alter('DROP DEFAULT');
  if (retyped) {
    const collation = word('collation');
    const type = word('type') ?? '';
    lines.push({
      gap: `The next statement fails if a value of ${was.name} is not a valid ${type}; the rehearsal had no rows.`,
    });
    alter(`TYPE ${type}${collation === undefined ? '' : ` COLLATE ${collation}`} USING ${own}::${type}`);
  }
  const given = word('default');
  if (given !== undefined && (retyped || differs(changed, 'default'))) alter(`SET DEFAULT ${given}`);
  if (differs(changed, 'generated')) lines.push(...generatedChange(changed));
  if (differs(changed, 'not null') && word('not null') === 'yes')
    lines.push({ gap: `A row without ${was.name} makes the next statement fail.` });
  if (differs(changed, 'not null') && (word('identity') === undefined || word('not null') === 'yes'))
    alter(word('not null') === 'yes' ? 'SET NOT NULL' : 'DROP NOT NULL');
  const identity = word('identity')?.toUpperCase();
  if (identity !== undefined && differs(changed, 'identity'))
    alter(wordOf(is, 'identity') === undefined ? `ADD GENERATED ${identity} AS IDENTITY` : `SET GENERATED ${identity}`);
  if (differs(changed, 'storage')) alter(`SET STORAGE ${storages[word('storage') ?? ''] ?? 'DEFAULT'}`);
  if (differs(changed, 'compression'))
    alter(`SET COMPRESSION ${{ p: 'pglz', l: 'lz4' }[word('compression') ?? ''] ?? 'default'}`);
  if (differs(changed, 'tuning statistics')) alter(`SET STATISTICS ${word('tuning statistics') ?? '-1'}`);
  return lines;
}

function generatedChange({ was, is, home }: ChangedObject): readonly DraftStatement[] {
  const [, how, expression] = /^(stored|virtual) ([^]*)$/.exec(wordOf(was, 'generated') ?? '') ?? [];
  const alter = `ALTER TABLE ${home.name} ALTER COLUMN ${simpleName(was.name)}`;
  if (expression === undefined) return [{ sql: `${alter} DROP EXPRESSION` }];
  if (wordOf(is, 'generated')?.startsWith(how ?? '') === true)
    return [{ sql: `${alter} SET EXPRESSION AS (${expression})` }];
  return [
    { gap: `column ${was.name} was generated (${expression}); PostgreSQL cannot make a plain column a generated one.` },
  ];
}

function sequenceChanges(changed: ChangedObject): readonly DraftStatement[] {
  const { was } = changed;
  const options = [...sequenceOptions(was)].filter(([part]) => differs(changed, part)).map(([, text]) => text);
  const lines: DraftStatement[] = [];
  if (options.length > 0) lines.push({ sql: `ALTER SEQUENCE ${was.name} ${options.join(' ')}` });
  if (differs(changed, 'owned by'))
    lines.push({ sql: `ALTER SEQUENCE ${was.name} OWNED BY ${wordOf(was, 'owned by') ?? 'NONE'}` });
  if (differs(changed, 'unlogged'))
    lines.push({ sql: `ALTER SEQUENCE ${was.name} SET ${wordOf(was, 'unlogged') === 'yes' ? 'UNLOGGED' : 'LOGGED'}` });
  return lines;
}

function typeChanges(changed: ChangedObject): readonly DraftStatement[] {
  const { was, is } = changed;
  const lines: DraftStatement[] = [];
  if (differs(changed, 'labels')) lines.push(...labelChanges(changed));
  if (was.kind === 'domain') {
    const given = wordOf(was, 'default');
    if (differs(changed, 'default'))
      lines.push({ sql: `ALTER DOMAIN ${was.name} ${given === undefined ? 'DROP DEFAULT' : `SET DEFAULT ${given}`}` });
    if (differs(changed, 'not null'))
      lines.push({ sql: `ALTER DOMAIN ${was.name} ${wordOf(was, 'not null') === 'yes' ? 'SET' : 'DROP'} NOT NULL` });
  }
  const fixed = (['range', 'base', 'base type', 'collation'] as const).filter(
    (part) => wordOf(was, part) !== wordOf(is, part),
  );
  return [...lines, ...notAltered(changed, fixed)];
}

/** PostgreSQL can rename labels but not remove them. */
function labelChanges({ was, is }: ChangedObject): readonly DraftStatement[] {
  const labels = (object: DescribedObject): readonly string[] =>
    (wordOf(object, 'labels') ?? '').match(/E?'(?:[^']|'')*'/g) ?? [];
  const [former, present] = [labels(was), labels(is)];
  const kept = present.filter((label) => former.includes(label));
  const added = present.filter((label) => !former.includes(label));
  const gone = former.filter((label) => !present.includes(label));
  if (former.length === present.length && former.every((label, at) => label === present[at] || !kept.includes(label)))
    return gone.map((label) => ({
      sql: `ALTER TYPE ${was.name} RENAME VALUE ${present[former.indexOf(label)] ?? ''} TO ${label}`,
    }));
  return [
    {
      gap: `type ${was.name} keeps ${added.length === 1 ? 'the label' : 'the labels'} ${added.join(', ')}: PostgreSQL cannot remove labels from an enum.`,
    },
  ];
}
