import type { PartName } from '../../contract/definition.ts';
import { quoteIdent } from '../../../sql/quote.ts';
import { wordOf, wordsOf, type DescribedObject } from './draft-object.ts';
import { defaultPrivileges, roleName, type PartHome, type DraftStatement } from './drop-statement.ts';
import { keywordOf, simpleName } from './names.ts';

/** The surroundings of an object before: its parts, and the sequences of identity columns. */
export interface ObjectSurroundings {
  readonly columns: readonly DescribedObject[];
  readonly sequences: readonly DescribedObject[];
}

/** Recreates a dropped object from its definition; reports what cannot be recreated from it. */
export function createStatement(
  object: DescribedObject,
  home: PartHome,
  around: ObjectSurroundings,
): readonly DraftStatement[] {
  const { kind, name } = object;
  const definition = wordOf(object, 'definition');
  switch (kind) {
    case 'table':
      return tableLines(object, around);
    case 'column':
      return columnLines(object, home, around);
    case 'view':
    case 'materialized view':
      return [{ sql: viewStatement(object) }];
    case 'function':
    case 'procedure':
    case 'index':
    case 'trigger':
    case 'rule':
    case 'statistics':
      return definition === undefined ? [lost(object)] : [{ sql: ended(definition) }, ...state(object, home)];
    case 'constraint':
      return wordOf(object, 'inherited') === 'yes'
        ? []
        : [
            {
              sql: `ALTER ${keywordOf(home.kind)} ${home.name} ADD CONSTRAINT ${simpleName(name)} ${definition ?? ''}`,
            },
          ];
    case 'policy':
      return [{ sql: policyStatement(object, home) }];
    case 'sequence':
      return [{ sql: [`CREATE ${unlogged(object)}SEQUENCE ${name}`, ...unusualOptions(object)].join(' ') }];
    case 'schema':
      return [{ sql: `CREATE SCHEMA ${name}` }];
    case 'type':
    case 'domain':
    case 'composite type':
      return typeLines(object, around);
    case 'extension':
      return [
        {
          sql: `CREATE EXTENSION ${name} WITH SCHEMA ${quoteIdent(wordOf(object, 'schema') ?? '')} VERSION '${wordOf(object, 'version') ?? ''}'`,
        },
      ];
    case 'default acl':
      return [defaultPrivileges(object, 'GRANT')];
    default:
      return [lost(object)];
  }
}

function lost({ kind, name }: DescribedObject): DraftStatement {
  return { gap: `${kind} ${name} was dropped: write the statement that creates it again.` };
}

/** The definition of a view already ends with a semicolon. */
export function viewStatement(object: DescribedObject, replace = false): string {
  const options = wordsOf(object, 'option').concat(wordsOf(object, 'tuning option'));
  const written = options.length === 0 ? '' : ` WITH (${options.join(', ')})`;
  const verb = replace ? 'CREATE OR REPLACE' : 'CREATE';
  return `${verb} ${keywordOf(object.kind)} ${object.name}${written} AS\n${ended(wordOf(object, 'query') ?? '')}`;
}

function ended(text: string): string {
  return text.trimEnd().replace(/;$/, '');
}

/** A disabled or unusually enabled state, and the options of an index. */
function state(object: DescribedObject, home: PartHome): readonly DraftStatement[] {
  const own = simpleName(object.name);
  const fires = wordOf(object, 'fires') ?? wordOf(object, 'applies');
  const how =
    fires === undefined
      ? ''
      : ({ never: 'DISABLE', always: 'ENABLE ALWAYS', 'on replicas': 'ENABLE REPLICA' }[fires] ?? '');
  const options = wordsOf(object, 'tuning option');
  return [
    ...(how === '' ? [] : [{ sql: `ALTER TABLE ${home.name} ${how} ${keywordOf(object.kind)} ${own}` }]),
    ...(object.kind === 'index' && options.length > 0
      ? [{ sql: `ALTER INDEX ${object.name} SET (${options.join(', ')})` }]
      : []),
  ];
}

function policyStatement(object: DescribedObject, home: PartHome): string {
  const roles = (wordOf(object, 'roles') ?? 'public').split(', ').map(roleName);
  const [using, check] = [wordOf(object, 'using'), wordOf(object, 'with check')];
  return [
    `CREATE POLICY ${simpleName(object.name)} ON ${home.name}`,
    ...(wordOf(object, 'restrictive') === 'yes' ? ['AS RESTRICTIVE'] : []),
    `FOR ${(wordOf(object, 'command') ?? 'all').toUpperCase()} TO ${roles.join(', ')}`,
    ...(using === undefined ? [] : [`USING (${using})`]),
    ...(check === undefined ? [] : [`WITH CHECK (${check})`]),
  ].join(' ');
}

function unlogged(object: DescribedObject): string {
  return wordOf(object, 'unlogged') === 'yes' ? 'UNLOGGED ' : '';
}

const largest: Readonly<Record<string, string>> = {
  smallint: '32767',
  integer: '2147483647',
  bigint: '9223372036854775807',
};

/** The terms of a sequence, each as SQL writes it. */
export function sequenceOptions(sequence: Pick<DescribedObject, 'words'>): ReadonlyMap<PartName, string> {
  const word = (part: PartName): string => wordOf(sequence, part) ?? '';
  return new Map<PartName, string>([
    ['type', `AS ${word('type')}`],
    ['increment', `INCREMENT BY ${word('increment')}`],
    ['minimum', `MINVALUE ${word('minimum')}`],
    ['maximum', `MAXVALUE ${word('maximum')}`],
    ['start', `START WITH ${word('start')}`],
    ['cache', `CACHE ${word('cache')}`],
    ['cycle', word('cycle') === 'yes' ? 'CYCLE' : 'NO CYCLE'],
  ]);
}

/** The options that differ from the server's defaults. */
function unusualOptions(sequence: DescribedObject): readonly string[] {
  const type = wordOf(sequence, 'type') ?? 'bigint';
  const usual = sequenceOptions({
    words: ['type: bigint', 'increment: 1', 'minimum: 1', `maximum: ${largest[type] ?? ''}`, 'start: 1', 'cache: 1'],
  });
  return [...sequenceOptions(sequence)].filter(([part, text]) => usual.get(part) !== text).map(([, text]) => text);
}

/** The sequence of an identity column takes its type from the column. */
function identityOptions(sequence: DescribedObject | undefined, own: string, table: string): string {
  if (sequence === undefined) return '';
  const named = sequence.name === `${table}_${own}_seq` ? [] : [`SEQUENCE NAME ${sequence.name}`];
  const options = [...named, ...unusualOptions(sequence).filter((text) => !text.startsWith('AS '))];
  return options.length === 0 ? '' : ` (${options.join(' ')})`;
}

/** A column as CREATE TABLE and ADD COLUMN write it. */
function columnText(column: DescribedObject, home: PartHome, { sequences }: ObjectSurroundings): string {
  const word = (part: PartName): string | undefined => wordOf(column, part);
  const [collation, identity, generated, given] = [
    word('collation'),
    word('identity'),
    word('generated'),
    word('default'),
  ];
  const own = simpleName(column.name);
  const sequence = sequences.find((one) => wordOf(one, 'owned by') === `${home.name}.${own}`);
  const [, how, expression] = /^(stored|virtual) ([^]*)$/.exec(generated ?? '') ?? [];
  return [
    own,
    word('type') ?? '',
    ...(collation === undefined ? [] : [`COLLATE ${collation}`]),
    ...(identity === undefined
      ? []
      : [`GENERATED ${identity.toUpperCase()} AS IDENTITY${identityOptions(sequence, own, home.name)}`]),
    ...(expression === undefined ? [] : [`GENERATED ALWAYS AS (${expression}) ${(how ?? '').toUpperCase()}`]),
    ...(given === undefined ? [] : [`DEFAULT ${given}`]),
    ...(word('not null') === 'yes' && identity === undefined ? ['NOT NULL'] : []),
  ].join(' ');
}

function columnLines(column: DescribedObject, home: PartHome, around: ObjectSurroundings): readonly DraftStatement[] {
  if (wordOf(column, 'inherited') === 'yes') return [];
  if (home.kind === 'composite type')
    return [{ sql: `ALTER TYPE ${home.name} ADD ATTRIBUTE ${columnText(column, home, around)}` }];
  const gone = `The values of column ${column.name} are lost: the statement below restores the column without them, as the last one.`;
  const lines: DraftStatement[] = wordOf(column, 'generated') === undefined ? [{ gap: gone }] : [];
  if (
    wordOf(column, 'not null') === 'yes' &&
    !(['default', 'identity', 'generated'] as const).some((part) => wordOf(column, part) !== undefined)
  )
    lines.push({
      gap: `The column is NOT NULL and has no default: if ${home.name} contains rows, fill it first, or this statement fails.`,
    });
  return [
    ...lines,
    { sql: `ALTER ${keywordOf(home.kind)} ${home.name} ADD COLUMN ${columnText(column, home, around)}` },
  ];
}

function tableLines(table: DescribedObject, around: ObjectSurroundings): readonly DraftStatement[] {
  const parents = wordsOf(table, 'inherits');
  const [bound, by, type] = [wordOf(table, 'partition'), wordOf(table, 'partition by'), wordOf(table, 'of type')];
  const gone: DraftStatement = {
    gap: `The rows of ${table.name} are lost: the statement below restores the table without them.`,
  };
  if (type !== undefined) return [{ gap: `table ${table.name} was dropped: write CREATE TABLE … OF ${type}.` }];
  const columns = around.columns.filter((column) => bound !== undefined || wordOf(column, 'inherited') !== 'yes');
  const text = columns.map((column) => `  ${columnText(column, table, around)}`).join(',\n');
  const method = wordOf(table, 'access method');
  const options = [...wordsOf(table, 'tuning option'), ...wordsOf(table, 'option')];
  const sql = [
    `CREATE ${unlogged(table)}TABLE ${table.name} (${text === '' ? '' : `\n${text}\n`})`,
    ...(bound === undefined && parents.length > 0 ? [`INHERITS (${parents.join(', ')})`] : []),
    ...(by === undefined ? [] : [`PARTITION BY ${by}`]),
    ...(method === undefined ? [] : [`USING ${method}`]),
    ...(options.length === 0 ? [] : [`WITH (${options.join(', ')})`]),
  ].join(' ');
  return [gone, { sql }];
}

function typeLines(object: DescribedObject, { columns }: ObjectSurroundings): readonly DraftStatement[] {
  const { kind, name } = object;
  const word = (part: PartName): string | undefined => wordOf(object, part);
  if (kind === 'composite type') {
    const attributes = columns.map((column) => `${simpleName(column.name)} ${wordOf(column, 'type') ?? ''}`);
    return [{ sql: `CREATE TYPE ${name} AS (${attributes.join(', ')})` }];
  }
  if (kind === 'domain') {
    const [collation, given] = [word('collation'), word('default')];
    const more = `${collation === undefined ? '' : ` COLLATE ${collation}`}${given === undefined ? '' : ` DEFAULT ${given}`}${word('not null') === 'yes' ? ' NOT NULL' : ''}`;
    return [{ sql: `CREATE DOMAIN ${name} AS ${word('base type') ?? ''}${more}` }];
  }
  const labels = word('labels');
  return [labels === undefined ? lost(object) : { sql: `CREATE TYPE ${name} AS ENUM (${labels})` }];
}

/** What CREATE TABLE does not say: row security, replica identity, and the parent of a partition. */
export function tableSettings(
  was: DescribedObject,
  is: Pick<DescribedObject, 'words'> | undefined,
): readonly DraftStatement[] {
  const alter = (action: string): DraftStatement => ({ sql: `ALTER ${keywordOf(was.kind)} ${was.name} ${action}` });
  const differs = (part: PartName): boolean => wordOf(was, part) !== wordOf(is, part);
  const on = (part: PartName): boolean => wordOf(was, part) === 'yes';
  const lines: DraftStatement[] = [];
  if (differs('row security'))
    lines.push(alter(on('row security') ? 'ENABLE ROW LEVEL SECURITY' : 'DISABLE ROW LEVEL SECURITY'));
  if (differs('row security forced'))
    lines.push(alter(on('row security forced') ? 'FORCE ROW LEVEL SECURITY' : 'NO FORCE ROW LEVEL SECURITY'));
  if (is !== undefined && differs('unlogged')) lines.push(alter(on('unlogged') ? 'SET UNLOGGED' : 'SET LOGGED'));
  if (differs('partition')) lines.push(...partitionLines(was, is));
  else if (is !== undefined) {
    const [former, present] = [wordsOf(was, 'inherits'), wordsOf(is, 'inherits')];
    lines.push(...present.filter((parent) => !former.includes(parent)).map((parent) => alter(`NO INHERIT ${parent}`)));
    lines.push(...former.filter((parent) => !present.includes(parent)).map((parent) => alter(`INHERIT ${parent}`)));
  }
  return lines;
}

function partitionLines(
  was: DescribedObject,
  is: Pick<DescribedObject, 'words'> | undefined,
): readonly DraftStatement[] {
  const [before, now] = [wordOf(was, 'partition'), wordOf(is, 'partition')];
  const [parent, present] = [wordsOf(was, 'inherits')[0] ?? '', wordsOf(is, 'inherits')[0] ?? ''];
  return [
    ...(now === undefined ? [] : [{ sql: `ALTER TABLE ${present} DETACH PARTITION ${was.name}` }]),
    ...(before === undefined ? [] : [{ sql: `ALTER TABLE ${parent} ATTACH PARTITION ${was.name} ${before}` }]),
  ];
}

/** Set after the indexes, because it may name one. */
export function replicaIdentity(
  was: DescribedObject,
  is: Pick<DescribedObject, 'words'> | undefined,
): readonly DraftStatement[] {
  const [before, now] = [wordOf(was, 'replica identity'), wordOf(is, 'replica identity')];
  if (before === now || was.kind !== 'table') return [];
  const index = before?.startsWith('index ') === true ? `USING INDEX ${quoteIdent(before.slice(6))}` : undefined;
  const how = before === undefined ? 'DEFAULT' : (index ?? before.toUpperCase());
  return [{ sql: `ALTER TABLE ${was.name} REPLICA IDENTITY ${how}` }];
}
