import type { TestDatabase } from '../support/database.ts';

/** One damage done behind the migrations' back, and how verification must name it. */
export interface Mutation {
  readonly sql: string;
  /** What the failing check is about. */
  readonly names: string;
  /** 50 for damage, 0 where a warning is enough. */
  readonly exitCode: number;
}

/**
 * Every single thing in the schema, damaged in turn: tables, columns, constraints, indexes, views, functions, triggers
 * and rows, as the catalogue lists them.
 */
export async function mutationsOf(database: TestDatabase): Promise<readonly Mutation[]> {
  const list = async (sql: string): Promise<readonly Record<string, string>[]> =>
    await database.query<Record<string, string>>(sql);
  const inPublic = "n.nspname = 'public'";
  const tables = await list(
    `select relname as name from pg_class c join pg_namespace n on n.oid = relnamespace where ${inPublic} and relkind = 'r'`,
  );
  const columns = await list(
    `select relname as table, attname as name, attnotnull::text as required, (d.oid is not null)::text as defaulted from pg_attribute a join pg_class c on c.oid = attrelid
     join pg_namespace n on n.oid = relnamespace left join pg_attrdef d on d.adrelid = attrelid and d.adnum = attnum
     where ${inPublic} and relkind = 'r' and attnum > 0 and not attisdropped and attgenerated = '' and attidentity = ''`,
  );
  const keyColumns = new Set(
    (
      await list(
        `select conrelid::regclass || '.' || attname as name from pg_constraint k join pg_attribute a on attrelid = conrelid and attnum = any(conkey) where contype = 'p'`,
      )
    ).map(({ name }) => name),
  );
  const constraints = await list(
    `select relname as table, conname as name from pg_constraint k join pg_class c on c.oid = conrelid join pg_namespace n on n.oid = relnamespace where ${inPublic} and contype in ('c', 'f', 'u', 'p')`,
  );
  const indexes = await list(
    `select x.relname as name, t.relname as table, am.amname as method, (i.indkey::text like '%0%')::text as expression, a.attname as column
     from pg_index i join pg_class x on x.oid = indexrelid join pg_class t on t.oid = indrelid join pg_namespace n on n.oid = t.relnamespace join pg_am am on am.oid = x.relam
     left join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0] where ${inPublic} and not exists (select from pg_constraint where conindid = indexrelid)`,
  );
  const views = await list(
    `select relname as name from pg_class c join pg_namespace n on n.oid = relnamespace where ${inPublic} and relkind = 'v'`,
  );
  const triggers = await list(
    `select relname as table, tgname as name from pg_trigger join pg_class c on c.oid = tgrelid where not tgisinternal`,
  );
  const functions = await list(
    `select p.oid::regprocedure::text as signature, proname as name from pg_proc p join pg_namespace n on n.oid = pronamespace where ${inPublic}`,
  );
  return [
    ...tables.map(({ name }) => damage(`drop table ${name} cascade`, name)),
    ...columns.map(({ table, name }) => damage(`alter table ${table} drop column ${name} cascade`, `${table}.${name}`)),
    ...columns
      .filter(({ table, name, required }) => required === 'true' && !keyColumns.has(`${table}.${name}`))
      .map(({ table, name }) => damage(`alter table ${table} alter column ${name} drop not null`, `${table}.${name}`)),
    ...columns
      .filter(({ defaulted }) => defaulted === 'true')
      .map(({ table, name }) => damage(`alter table ${table} alter column ${name} drop default`, `${table}.${name}`)),
    ...constraints.map(({ table, name }) => damage(`alter table ${table} drop constraint ${name} cascade`, `${table}`)),
    ...indexes.map(({ name }) => damage(`drop index ${name}`, name)),
    ...indexes
      .filter(({ method, expression }) => method === 'gin' && expression === 'false')
      .map(({ name, table, column }) =>
        damage(`drop index ${name}; create index ${name} on ${table} using btree (${column})`, name),
      ),
    ...views.map(({ name }) => damage(`drop view ${name} cascade`, name)),
    ...triggers.map(({ table, name }) => damage(`drop trigger ${name} on ${table}`, name)),
    ...triggers.map(({ table, name }) => damage(`alter table ${table} disable trigger ${name}`, name)),
    ...functions.map(({ signature, name }) => damage(`drop function ${signature} cascade`, name)),
    ...functions.map(({ signature, name }) => damage(`alter function ${signature} cost 77`, name)),
    ...functions.map(({ signature, name }) => damage(`grant execute on function ${signature} to public`, name)),
  ];
}

function damage(sql: string, names: string | undefined): Mutation {
  return { sql, names: names ?? '', exitCode: 50 };
}
