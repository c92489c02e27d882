import type { Outside } from '../../../../sql/outside.ts';
import { quoteLiteral } from '../../../../sql/quote.ts';
import { queryEffect, nothing, oid, type EffectProbe } from './effect-probe.ts';

type Named = Extract<Outside, { readonly kind: 'create' | 'drop' }>;

const nothingToRepair: EffectProbe['repair'] = () => Promise.resolve(nothing);

/**
 * CREATE and DROP of objects without a schema. An object with this name that existed before is not the one to be made.
 */
export function namedProbe({ kind, what, name }: Named): EffectProbe {
  const found = finders[what](quoteLiteral(name));
  return {
    before: `pg_catalog.json_build_object('name', ${quoteLiteral(name)}::text, 'oid', ${found})`,
    state: (session, noted) =>
      queryEffect(session, `select ${found}, ${found} is not distinct from ${oid(noted, 'oid')}`, (row) => {
        const [present, same] = row ?? [];
        if (kind === 'create') return present == null || same === 't' ? 'absent' : 'done';
        // An interrupted DROP DATABASE leaves an invalid one, which can only be dropped again.
        return present == null && noted['oid'] != null ? 'done' : 'absent';
      }),
    repair: nothingToRepair,
  };
}

const finders: Readonly<Record<Named['what'], (name: string) => string>> = {
  database: (name) => `(select oid from pg_catalog.pg_database where datname = ${name})`,
  tablespace: (name) => `(select oid from pg_catalog.pg_tablespace where spcname = ${name})`,
  subscription: (name) =>
    `(select oid from pg_catalog.pg_subscription where subname = ${name}
  and subdbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))`,
};

/** ALTER DATABASE … SET TABLESPACE. */
export function moveDatabaseProbe(options: Extract<Outside, { readonly kind: 'move-database' }>): EffectProbe {
  const [name, tablespace] = [quoteLiteral(options.name), quoteLiteral(options.tablespace)];
  return {
    before: `pg_catalog.json_build_object('name', ${name}::text)`,
    state: (session) =>
      queryEffect(
        session,
        `select from pg_catalog.pg_database d join pg_catalog.pg_tablespace s on s.oid = d.dattablespace
where d.datname = ${name} and s.spcname = ${tablespace}`,
        (row) => (row === undefined ? 'absent' : 'done'),
      ),
    repair: nothingToRepair,
    harmless: true,
  };
}

/** COMMIT PREPARED and ROLLBACK PREPARED: the transaction existed, and no longer exists. */
export function endPreparedProbe(gid: string): EffectProbe {
  const found = `exists (select from pg_catalog.pg_prepared_xacts where gid = ${quoteLiteral(gid)} and database = pg_catalog.current_database())`;
  return {
    before: `pg_catalog.json_build_object('name', ${quoteLiteral(gid)}::text, 'found', ${found})`,
    state: (session, noted) =>
      queryEffect(session, `select ${found}`, (row) =>
        row?.[0] !== 't' && noted['found'] === true ? 'done' : 'absent',
      ),
    repair: nothingToRepair,
  };
}
