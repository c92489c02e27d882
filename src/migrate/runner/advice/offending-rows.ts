import { quoteIdent, quoteName } from '../../../sql/quote.ts';
import { findName, namesIn } from '../../../sql/names-in.ts';
import { bracketed } from '../../../sql/bracketed.ts';
import type { ServerError } from '../../contract/ports.ts';

/** An error caused by existing rows, and what is known of the constraint that they violate. */
export interface Breach {
  readonly error: ServerError;
  /** False: the same file made the table, which is gone together with the rows. */
  readonly there: boolean;
  /** The statement that made the constraint or checked it. */
  readonly text: string;
  /** If it was made before: the constraint as the catalogue has it, or the statement of the file that made it. */
  readonly definition?: string;
  /** Columns of the primary key of the table that a foreign key points to, if the text does not name any. */
  readonly primaryKey?: readonly string[];
}

/** The query that finds the rows which a constraint does not allow; undefined if it cannot be built with certainty. */
export function offendingRows(breach: Breach): string | undefined {
  const { schema, table } = breach.error;
  if (table === undefined || !breach.there || addsColumn(breach.text)) return undefined;
  const from = quoteName({ schema: schema ?? null, name: table });
  switch (breach.error.sqlstate) {
    case '23502':
      return breach.error.column === undefined
        ? undefined
        : `SELECT * FROM ${from} WHERE ${quoteIdent(breach.error.column)} IS NULL;`;
    case '23505':
      return duplicates(breach, from);
    case '23503':
      return orphans(breach, from);
    case '23514':
      return breaking(breach, from);
    default:
      return undefined;
  }
}

/** The key as the server reports it: columns and expressions as SQL writes them. */
export function violatedKey({ detail = '' }: ServerError): string | undefined {
  return /\((.+)\)=\(/s.exec(detail)?.[1];
}

/** `users` of REFERENCES users (id), with its columns, if there are any. */
export function referenced(text: string): { readonly table: string; readonly columns?: readonly string[] } | undefined {
  const names = namesIn(text);
  const index = names.findIndex(({ parts }) => parts.join('.') === 'references');
  const table = index < 0 ? undefined : names[index + 1];
  if (table === undefined || names.findLastIndex(({ parts }) => parts.join('.') === 'references') !== index)
    return undefined;
  const name = table.parts.map(quoteIdent).join('.');
  const columns = bracketed(text, table.at);
  return columns === undefined
    ? { table: name }
    : { table: name, columns: namesIn(columns).map(({ parts }) => parts.join('.')) };
}

/** A column that the statement adds does not exist afterwards, so it cannot be queried. */
function addsColumn(text: string): boolean {
  const words = namesIn(text).map(({ parts }) => parts.join('.'));
  const constraints = new Set(['constraint', 'check', 'unique', 'primary', 'foreign', 'exclude', 'value']);
  return words[0] === 'alter' && words.some((word, n) => word === 'add' && !constraints.has(words[n + 1] ?? ''));
}

function duplicates({ error }: Breach, from: string): string | undefined {
  const key = violatedKey(error);
  return key === undefined ? undefined : `SELECT ${key}, count(*) FROM ${from} GROUP BY ${key} HAVING count(*) > 1;`;
}

function orphans({ error, text, definition, primaryKey }: Breach, from: string): string | undefined {
  const parent = referenced(definition ?? text);
  const columns = parent?.columns ?? primaryKey;
  const own = violatedKey(error)?.split(', ') ?? [];
  if (parent === undefined || columns === undefined || own.length !== columns.length) return undefined;
  const set = own.map((column) => `child.${quoteIdent(column)} IS NOT NULL`);
  const same = own.map((column, n) => `parent.${quoteIdent(columns[n] ?? '')} = child.${quoteIdent(column)}`);
  return `SELECT child.* FROM ${from} AS child WHERE ${set.join(' AND ')} AND NOT EXISTS (SELECT FROM ${parent.table} AS parent WHERE ${same.join(' AND ')});`;
}

function breaking({ error, text, definition }: Breach, from: string): string | undefined {
  const source = definition ?? text;
  const names = namesIn(source);
  const named = findName(names, error.constraint ?? '');
  const checks = names.filter(({ parts }) => parts.join('.') === 'check');
  const check = checks.find(({ at }) => at >= (named?.at ?? 0));
  // An unnamed constraint among several could be any of them.
  if (check === undefined || (named === undefined && checks.length > 1)) return undefined;
  const condition = bracketed(source, check.at);
  return condition === undefined ? undefined : `SELECT * FROM ${from} WHERE NOT (${condition.trim()});`;
}
