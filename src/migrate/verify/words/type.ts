import { catalogue, comment, comments, flag, part, parts, privileges, role, rows } from './part.ts';

const classOf = catalogue('pg_type');

/** The types among the wanted homes that are not rows of a relation, arrays or multiranges. */
const wantedTypes = `wanted w join pg_catalog.pg_type t on t.oid = w.oid join pg_catalog.pg_namespace n on n.oid = t.typnamespace`;
const chosen = `w.class = ${classOf} and t.typrelid = 0 and t.typtype <> 'm' and not (t.typcategory = 'A' and t.typelem <> 0)`;
const whole = "pg_catalog.format('%I.%I', n.nspname, t.typname)";

/** Enumerations, domains, ranges, base types. */
const typeRows = rows({
  class: classOf,
  oid: 't.oid',
  kind: "case t.typtype when 'd' then 'domain' else 'type' end",
  name: whole,
  words: parts(
    [
      part('owner', role('t.typowner')),
      part(
        'labels',
        "case when t.typtype = 'e' then (select pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid) end",
      ),
      part('base type', "case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end"),
      flag('not null', 't.typnotnull'),
      part('default', 't.typdefault'),
      part('collation', "case when t.typtype = 'd' and t.typcollation not in (0, 100) then t.typcollation::pg_catalog.regcollation::text end"),
      part(
        'range',
        `(select pg_catalog.concat_ws(' ', pg_catalog.format_type(r.rngsubtype, null), nullif(r.rngcollation, 0)::pg_catalog.regcollation, nullif(r.rngcanonical::oid, 0)::pg_catalog.regproc,
  nullif(r.rngsubdiff::oid, 0)::pg_catalog.regproc, pg_catalog.format_type(r.rngmultitypid, null)) from pg_catalog.pg_range r where r.rngtypid = t.oid)`,
      ),
      part(
        'base',
        `case when t.typtype = 'b' then pg_catalog.concat_ws(' ', t.typinput, t.typoutput, t.typlen, t.typbyval, t.typalign, t.typstorage, t.typcategory, t.typispreferred, t.typdelim) when t.typtype = 'p' then 'shell' end`,
      ),
      comment,
    ],
    [privileges('t.typacl', 'T', 't.typowner')],
  ),
  from: `${wantedTypes} ${comments(classOf, 't.oid')} where ${chosen}`,
});

const domainConstraintRows = rows({
  class: catalogue('pg_constraint'),
  oid: 'k.oid',
  kind: "'constraint'",
  name: `${whole} || '.' || pg_catalog.quote_ident(k.conname)`,
  homeClass: classOf,
  home: 't.oid',
  words: parts([part('definition', 'pg_catalog.pg_get_constraintdef(k.oid)'), comment]),
  from: `${wantedTypes} join pg_catalog.pg_constraint k on k.contypid = t.oid ${comments(catalogue('pg_constraint'), 'k.oid')} where ${chosen} and k.contype <> 'n'`,
});

const aggregate = `(select pg_catalog.concat_ws(' ', a.aggkind, a.aggnumdirectargs, a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn,
  a.aggmfinalfn, a.aggfinalextra, a.aggmfinalextra, a.aggfinalmodify, a.aggmfinalmodify, nullif(a.aggsortop, 0)::pg_catalog.regoperator, pg_catalog.format_type(a.aggtranstype, null), a.aggtransspace,
  nullif(pg_catalog.format_type(a.aggmtranstype, null), '-'), a.aggmtransspace, a.agginitval, a.aggminitval, p.proparallel) from pg_catalog.pg_aggregate a where a.aggfnoid = p.oid)`;

/** Functions, procedures, aggregates. */
const routineRows = rows({
  class: catalogue('pg_proc'),
  oid: 'p.oid',
  kind: "case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end",
  name: "pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes))",
  words: parts(
    [
      part('definition', `case when p.prokind = 'a' then ${aggregate} else pg_catalog.pg_get_functiondef(p.oid) end`),
      part('owner', role('p.proowner')),
      comment,
    ],
    [privileges('p.proacl', 'f', 'p.proowner')],
  ),
  from: `wanted w join pg_catalog.pg_proc p on p.oid = w.oid join pg_catalog.pg_namespace n on n.oid = p.pronamespace ${comments(catalogue('pg_proc'), 'p.oid')} where w.class = ${catalogue('pg_proc')}`,
});

const schemaRows = rows({
  class: catalogue('pg_namespace'),
  oid: 'n.oid',
  kind: "'schema'",
  name: 'pg_catalog.quote_ident(n.nspname)',
  words: parts([part('owner', role('n.nspowner')), comment], [privileges('n.nspacl', 'n', 'n.nspowner')]),
  from: `wanted w join pg_catalog.pg_namespace n on n.oid = w.oid ${comments(catalogue('pg_namespace'), 'n.oid')} where w.class = ${catalogue('pg_namespace')}`,
});

/** What lies in schemas beside relations, and schemas. */
export const typeAndRoutineRows: readonly string[] = [typeRows, domainConstraintRows, routineRows, schemaRows];
