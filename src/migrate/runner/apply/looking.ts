import { quoteLiteral } from '../../../sql/quote.ts';
import type { Look } from '../../contract/look.ts';
import type { Analysis, Segment } from '../../contract/model.ts';

/** Godwit's own commands right after a statement: they note which objects have the names that it would have made. */
export function noteLooks({ looks }: Pick<Analysis, 'looks'>, statement: number): readonly string[] {
  return looks.flatMap((look, key) => (look.statement === statement ? [noting(look, key)] : []));
}

/** The commands that check again, where the file's settings and roles no longer apply. */
export function checkLooks(
  { looks, statements }: Pick<Analysis, 'looks' | 'statements'>,
  file: string,
  { first, last }: Segment,
): readonly string[] {
  const own = looks.flatMap(({ statement, what, kinds }, key) => {
    const { line, column } = statements[statement] ?? {};
    return statement >= first && statement <= last
      ? [{ key: String(key), what, kinds, where: { file, line, column } }]
      : [];
  });
  return own.length === 0 ? [] : [`SELECT godwit.look_again(${quoteLiteral(JSON.stringify(own))})`];
}

function noting(look: Look, key: number): string {
  const { columns, on } = look;
  const names = columns.map(({ name }) => quoteLiteral(name)).join(', ');
  const absent =
    columns.length === 0
      ? "'[]'::pg_catalog.json"
      : `coalesce((select pg_catalog.json_agg(w.name) from pg_catalog.unnest(array[${names}]::text[]) w (name) where not exists (
  select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = w.name and not a.attisdropped)), '[]'::pg_catalog.json)`;
  const typed = columns.flatMap(({ name, type }) =>
    type === undefined ? [] : [`(${quoteLiteral(name)}, pg_catalog.to_regtype(${quoteLiteral(type)})::oid)`],
  );
  const types =
    typed.length === 0
      ? "'[]'::pg_catalog.json"
      : `coalesce((select pg_catalog.json_agg(pg_catalog.json_build_array(w.name, pg_catalog.format_type(w.type, null), pg_catalog.format_type(a.atttypid, null)))
  from (values ${typed.join(', ')}) w (name, type) join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = w.name and not a.attisdropped where w.type <> a.atttypid), '[]'::pg_catalog.json)`;
  const elsewhere =
    on === undefined
      ? 'null'
      : `(select i.indrelid::pg_catalog.regclass::text from pg_catalog.pg_index i where i.indexrelid = c.oid and i.indrelid <> t.oid)`;
  return `SELECT pg_catalog.set_config('godwit.met', pg_catalog.concat(pg_catalog.current_setting('godwit.met', true), ',', (
select pg_catalog.json_build_array(${quoteLiteral(String(key))}, c.oid, c.relkind, ${absent}, ${types}, ${elsewhere}) ${fromOf(look)}
  limit 1)), true)`;
}

/**
 * Where the name is resolved: in the schema of creation; an index in that of its table; a table to be altered along the
 * search path.
 */
function fromOf({ schema, name, on, found }: Look): string {
  const place = schema === null ? 'pg_catalog.current_schema()' : quoteLiteral(schema);
  if (on !== undefined)
    return `from (${tableOf(schema, on)}) t join pg_catalog.pg_class c on c.relnamespace = t.relnamespace where c.relname = ${quoteLiteral(name)}`;
  if (found === true) return `from (${tableOf(schema, name)}) t join pg_catalog.pg_class c on c.oid = t.oid where true`;
  return `from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = ${place} and c.relname = ${quoteLiteral(name)}`;
}

function tableOf(schema: string | null, name: string): string {
  const along = schema === null ? 'any (pg_catalog.current_schemas(true))' : quoteLiteral(schema);
  return `select c.oid, c.relnamespace from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = ${along} and c.relname = ${quoteLiteral(name)} order by pg_catalog.array_position(pg_catalog.current_schemas(true), n.nspname) limit 1`;
}
