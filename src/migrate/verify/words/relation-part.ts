import { catalogue, comment, comments, flag, options, part, parts, role, rows, withoutOptions } from './part.ts';

const relation = { homeClass: catalogue('pg_class'), home: 'rel.oid' };
const named = (name: string): string => `rel.whole || '.' || pg_catalog.quote_ident(${name})`;

/** Constraints of tables; NOT NULL is told of the column, whatever its constraint is called. */
const constraintRows = rows({
  ...relation,
  class: catalogue('pg_constraint'),
  oid: 'k.oid',
  kind: "'constraint'",
  name: named('k.conname'),
  words: parts([
    part(
      'definition',
      `case when k.contype = 'x' then ${withoutOptions('pg_catalog.pg_get_constraintdef(k.oid)', '(select x.reloptions from pg_catalog.pg_class x where x.oid = k.conindid)')} else pg_catalog.pg_get_constraintdef(k.oid) end`,
    ),
    flag('inherited', 'not k.conislocal'),
    // DISABLE TRIGGER ALL leaves the definition as it is and lets wrong rows in.
    flag(
      'not enforced by its triggers',
      "k.contype = 'f' and exists (select from pg_catalog.pg_trigger t where t.tgconstraint = k.oid and t.tgisinternal and t.tgenabled <> 'O')",
    ),
    comment,
  ]),
  from: `rel join pg_catalog.pg_constraint k on k.conrelid = rel.oid ${comments(catalogue('pg_constraint'), 'k.oid')} where k.contype not in ('n', 't')`,
});

const indexRows = rows({
  ...relation,
  class: catalogue('pg_class'),
  oid: 'x.oid',
  kind: "'index'",
  name: "pg_catalog.format('%I.%I', rel.nspname, x.relname)",
  words: parts(
    [
      part('definition', withoutOptions('pg_catalog.pg_get_indexdef(x.oid)', 'x.reloptions')),
      flag('not valid', 'not i.indisvalid'),
      flag('tuning clustered', 'i.indisclustered'),
      part('tuning tablespace', '(select s.spcname from pg_catalog.pg_tablespace s where s.oid = x.reltablespace)'),
      comment,
    ],
    [`case when x.reloptions is null then '{}'::text[] else ${options('x.reloptions')} end`],
  ),
  from: `rel join pg_catalog.pg_index i on i.indrelid = rel.oid join pg_catalog.pg_class x on x.oid = i.indexrelid ${comments(catalogue('pg_class'), 'x.oid')}`,
});

const triggerRows = rows({
  ...relation,
  class: catalogue('pg_trigger'),
  oid: 't.oid',
  kind: "'trigger'",
  name: named('t.tgname'),
  words: parts([
    part('definition', 'pg_catalog.pg_get_triggerdef(t.oid)'),
    part('fires', "case t.tgenabled when 'D' then 'never' when 'A' then 'always' when 'R' then 'on replicas' end"),
    comment,
  ]),
  from: `rel join pg_catalog.pg_trigger t on t.tgrelid = rel.oid and not t.tgisinternal ${comments(catalogue('pg_trigger'), 't.oid')}`,
});

const ruleRows = rows({
  ...relation,
  class: catalogue('pg_rewrite'),
  oid: 'r.oid',
  kind: "'rule'",
  name: named('r.rulename'),
  words: parts([
    part('definition', 'pg_catalog.pg_get_ruledef(r.oid)'),
    part('applies', "case r.ev_enabled when 'D' then 'never' when 'A' then 'always' when 'R' then 'on replicas' end"),
    comment,
  ]),
  from: `rel join pg_catalog.pg_rewrite r on r.ev_class = rel.oid and r.rulename <> '_RETURN' ${comments(catalogue('pg_rewrite'), 'r.oid')}`,
});

const policyRows = rows({
  ...relation,
  class: catalogue('pg_policy'),
  oid: 'p.oid',
  kind: "'policy'",
  name: named('p.polname'),
  words: parts([
    part('command', "case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end"),
    flag('restrictive', 'not p.polpermissive'),
    part(
      'roles',
      `(select pg_catalog.string_agg(r, ', ' order by r collate "C") from (select case o when 0 then 'public' else ${role('o')} end as r from pg_catalog.unnest(p.polroles) o) roles)`,
    ),
    part('using', 'pg_catalog.pg_get_expr(p.polqual, p.polrelid)'),
    part('with check', 'pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)'),
    comment,
  ]),
  from: `rel join pg_catalog.pg_policy p on p.polrelid = rel.oid ${comments(catalogue('pg_policy'), 'p.oid')}`,
});

const statisticsRows = rows({
  ...relation,
  class: catalogue('pg_statistic_ext'),
  oid: 's.oid',
  kind: "'statistics'",
  name: "pg_catalog.format('%I.%I', n.nspname, s.stxname)",
  words: parts([
    part('definition', 'pg_catalog.pg_get_statisticsobjdef(s.oid)'),
    part('owner', role('s.stxowner')),
    part('tuning statistics', 'case when coalesce(s.stxstattarget, -1) <> -1 then s.stxstattarget::text end'),
    comment,
  ]),
  from: `rel join pg_catalog.pg_statistic_ext s on s.stxrelid = rel.oid join pg_catalog.pg_namespace n on n.oid = s.stxnamespace ${comments(catalogue('pg_statistic_ext'), 's.oid')}`,
});

/** What belongs to a relation, beside its columns. */
export const relationPartRows: readonly string[] = [
  constraintRows,
  indexRows,
  triggerRows,
  ruleRows,
  policyRows,
  statisticsRows,
];
