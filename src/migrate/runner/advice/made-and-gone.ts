import { quoteLiteral } from '../../../sql/quote.ts';
import type { ResultSet } from '../../contract/ports.ts';
import { lastPart } from './did-you-mean.ts';
import type { NamedInError } from './named-object.ts';

/** Kinds of the baseline that an error may name, with their catalogue. */
const catalogues: Readonly<Partial<Record<NamedInError['kind'], string>>> = {
  relation: 'pg_class',
  type: 'pg_type',
  schema: 'pg_namespace',
};

/**
 * Asks the baseline whether a recorded migration made the missing object, and which migration of this run has dropped
 * it.
 */
export function madeAndGoneQuery({ kind, name }: NamedInError): string | undefined {
  const catalogue = catalogues[kind];
  if (catalogue === undefined) return undefined;
  const literal = quoteLiteral(name);
  // The baseline has quoted names; the error has unquoted ones.
  const same = `pg_catalog.replace(o.name, '"', '') = ${literal}`;
  const end = name.includes('.')
    ? same
    : `(${same} OR pg_catalog.replace(o.name, '"', '') LIKE '%.' || ${quoteLiteral(likeLiteral(lastPart(name)))})`;
  return `SELECT m.id, m.file, (SELECT t.migration FROM godwit.own_transaction t WHERE o.oid = ANY (t.dropped_oid) LIMIT 1), o.kind, o.name
FROM godwit.object o JOIN godwit.migration m ON m.seq = o.made
WHERE o.class = 'pg_catalog.${catalogue}'::pg_catalog.regclass AND o.sub = 0 AND ${end}
AND NOT EXISTS (SELECT FROM pg_catalog.${catalogue} c WHERE c.oid = o.oid) LIMIT 1`;
}

function likeLiteral(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}

/** The sentence about it; undefined: no migration made it, or it still exists. */
export function madeAndGone(rows: ResultSet['rows']): string | undefined {
  const [row] = rows;
  if (row === undefined) return undefined;
  const [id, file, droppedBy, kind, name] = row;
  const made = `${kind ?? ''} ${name ?? ''} was created by migration ${id ?? ''} (${file ?? ''})`;
  const sentence = `${made.charAt(0).toUpperCase()}${made.slice(1)}`;
  return droppedBy == null
    ? `${sentence} but no longer exists: someone has dropped it. \`godwit verify\` lists everything that is missing; restore it, from a backup if it held rows.`
    : `${sentence}, and migration ${droppedBy} dropped it.`;
}
