import { quoteIdent, quoteName } from '../../../sql/quote.ts';
import { namesIn } from '../../../sql/names-in.ts';
import { namedBy } from './named-object.ts';
import { violatedKey, offendingRows, type Breach } from './offending-rows.ts';

/** The statement that the server refused. */
export interface RefusedStatement extends Breach {
  readonly tag: string;
  /** The migration, if `godwit adopt` could record it: one of the folder that is being applied. */
  readonly adoptable?: string;
}

/** The fix for the most frequent errors; undefined: the general text of the fault applies. */
export function fixFor(refused: RefusedStatement): string | undefined {
  const { error } = refused;
  const fix = special[error.sqlstate]?.(refused) ?? general[error.sqlstate];
  return fix;
}

const general: Readonly<Record<string, string>> = {
  '42P01': 'Create the table first, in an earlier migration, or correct its name or schema.',
  '42703': 'Correct the column’s name, or add the column before this statement.',
  '42704': 'Create it first, in an earlier migration, or correct its name.',
  '42601':
    'Correct the SQL at the place shown; the mistake is often just before it, such as a missing comma or bracket.',
  '42501': 'Grant the privilege to the role that godwit connects as, or connect as the owner.',
  '22P02':
    'Write a value that is valid for the type. If the statement converts rows, correct the values that do not fit first, or convert them with USING.',
  '22001':
    'The value is longer than its type allows: give the column more room (`text` has no limit), or shorten the values first.',
  '22003': 'The number is out of range for its type: use a larger type (bigint, numeric), or correct the values first.',
  '42804': 'Convert the value to the required type; in ALTER COLUMN … TYPE, add `USING column::type`.',
  '42830':
    'A foreign key needs unique columns to refer to: give those of the other table a primary key or a unique constraint first.',
  '42P10':
    'ON CONFLICT needs a unique constraint or index on exactly these columns: create one first, or name the columns of an existing one.',
  '428C9':
    'The column generates its own values: omit it from the statement, or write OVERRIDING SYSTEM VALUE for an identity.',
  '42723': 'The function already exists: write CREATE OR REPLACE to give it a new body.',
  '2BP01': 'Other objects depend on this one: drop them first, by name. CASCADE would drop them silently.',
  '55P04':
    'A new enum value cannot be used in the transaction that adds it: put ALTER TYPE … ADD VALUE into a migration of its own.',
  '57014':
    'To allow more time, add this to the file: `-- godwit: statement-timeout=10min` (0 for no limit). If someone cancelled the statement, run the same command again.',
  '53200':
    'The server has no memory left for the statement: split it, lower work_mem or maintenance_work_mem at the top of the file, or give the server more.',
  '53400':
    'A limit of the server’s configuration is reached (temp_file_limit, for example): raise it, or split the statement.',
  '53100': 'The server’s disk is full: free some space, then run the same command again.',
};

type Special = (refused: RefusedStatement) => string | undefined;

const nothingToDrop =
  'Nothing with this name exists: correct the name or schema, or write IF EXISTS if it may be missing.';

const thereAlready: Special = ({ adoptable }) =>
  adoptable === undefined
    ? 'The object already exists: choose another name, or drop it first.'
    : `The object already exists. If everything that this file creates exists, record the file with \`godwit adopt ${adoptable}\`; otherwise choose another name, or drop the existing object.`;

const special: Readonly<Record<string, Special>> = {
  '42P01': ({ error, tag }) =>
    tag.startsWith('DROP')
      ? nothingToDrop
      : error.message.includes('FROM')
        ? 'No table with this name or alias is in FROM: correct the name before the dot, or add the table.'
        : undefined,
  '42P07': thereAlready,
  '42710': thereAlready,
  '42701': ({ adoptable, tag }) =>
    tag === 'ALTER TABLE'
      ? `The column already exists.${adoptable === undefined ? '' : ` If all that this file makes exists, record the file with \`godwit adopt ${adoptable}\`.`} Otherwise leave the column out, or give it another name.`
      : 'Two columns have the same name: rename or remove one of them.',
  '42P06': thereAlready,
  '42704': ({ error, tag }) =>
    tag.startsWith('DROP')
      ? nothingToDrop
      : namedBy(error)[0]?.kind === 'role'
        ? 'Create the role on this server first (roles belong to a server, not to a database), or correct its name.'
        : undefined,
  '42883': ({ error }) =>
    error.message.startsWith('operator')
      ? 'No operator accepts these two types: convert one side, as in `a::text = b`.'
      : 'Correct the name or the types of the arguments; a cast such as `x::integer` says which function is meant.',
  '42501': ({ error }) =>
    error.message.startsWith('must be owner')
      ? 'Connect as the owner, or make the role that godwit connects as a member of it: `GRANT owner TO role`.'
      : undefined,
  '3F000': ({ error }) => {
    const [schema] = namedBy(error);
    return schema === undefined
      ? 'Create a schema first, or set search_path to one that exists.'
      : `Create it first: \`CREATE SCHEMA ${quoteIdent(schema.name)};\`, or correct its name.`;
  },
  '42P16': ({ error, tag }) =>
    tag === 'CREATE VIEW' && error.routine?.startsWith('checkView') === true
      ? 'CREATE OR REPLACE VIEW can only add columns at the end: write DROP VIEW and CREATE VIEW, in the same file.'
      : undefined,
  '42P17': ({ tag }) =>
    tag === 'CREATE INDEX' || tag.endsWith('TABLE')
      ? 'An index, a generated column or a partition key accepts only functions that are IMMUTABLE: use one, or mark your own IMMUTABLE if it is.'
      : undefined,
  '0A000': ({ error, tag }) => {
    if (namedBy(error)[0]?.kind === 'extension')
      return 'Install the extension’s package on the server, allow it there (managed services have a list), or correct its name.';
    return tag === 'ALTER TABLE' && /\b(view|rule)\b/.test(error.message)
      ? 'Drop the view before this statement and create it again after it, in the same file.'
      : undefined;
  },
  '55006': ({ error, tag }) =>
    tag === 'ALTER TABLE' || error.message.includes('trigger events')
      ? 'Deferred constraints are still pending for rows that this file changed: write `SET CONSTRAINTS ALL IMMEDIATE;` before this statement, or move it into the next migration.'
      : 'Another session is using it: end that session, or try again later.',
  '23502': (refused) => (isMaking(refused) ? missingValues(refused) : 'Give the column a value here, or a DEFAULT.'),
  '23505': (refused) => {
    if (isMaking(refused)) return withRows('Several rows have the same key: merge or remove them first.', refused);
    const key = violatedKey(refused.error);
    const conflict =
      refused.tag === 'INSERT' && key !== undefined ? `, or add \`ON CONFLICT (${key}) DO NOTHING\`` : '';
    return `A row with this key already exists: give this one another key${conflict}.`;
  },
  '23503': (refused) => {
    if (isMaking(refused))
      return withRows(
        'Some rows refer to a row that does not exist: add the missing row, or change them first.',
        refused,
      );
    return refused.tag === 'INSERT' || refused.tag === 'COPY'
      ? 'The row refers to a row that does not exist: insert that one first.'
      : 'Other rows still refer to this row, or it refers to a missing one: change those first.';
  },
  '23514': (refused) =>
    isMaking(refused)
      ? withRows('Some rows violate the check: correct them first.', refused)
      : 'The row violates the check: correct the row, or the check.',
};

/** True: the statement checks existing rows. Otherwise it writes the refused rows itself. */
function isMaking({ tag }: RefusedStatement): boolean {
  return tag.startsWith('ALTER') || tag.startsWith('CREATE') || tag === 'REFRESH MATERIALIZED VIEW';
}

function withRows(what: string, refused: RefusedStatement): string {
  const query = offendingRows(refused);
  return query === undefined ? what : `${what} \`${query}\` finds them.`;
}

function missingValues(refused: RefusedStatement): string {
  const query = offendingRows(refused);
  if (query !== undefined)
    return `Some rows have no value in the column: fill them first; \`${query}\` finds them. A default alone does not fill existing rows.`;
  const { column, schema, table } = refused.error;
  const added = namesIn(refused.text).some(({ parts }) => parts.join('.') === 'add');
  if (!added || column === undefined || table === undefined)
    return 'Some rows have no value in the column: fill them first.';
  const whole = quoteName({ schema: schema ?? null, name: table });
  return `Existing rows would have no value: add the column with a DEFAULT, or add it without NOT NULL, fill it, then run \`ALTER TABLE ${whole} ALTER COLUMN ${quoteIdent(column)} SET NOT NULL;\`.`;
}
