import type { TestDatabase } from '../support/database.ts';
import type { TestProject } from '../support/project.ts';

const catalogue = `
select format('%s %s %s', relkind, c.oid::regclass, relpersistence) as line from pg_class c
  where relnamespace::regnamespace::text !~ '^(pg_|information_schema|godwit)'
union all select format('column %s.%s %s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
    (select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = attrelid and adnum = attnum))
  from pg_attribute join pg_class c on c.oid = attrelid
  where relnamespace::regnamespace::text !~ '^(pg_|information_schema|godwit)' and attnum > 0 and not attisdropped
union all select pg_get_indexdef(indexrelid) from pg_index join pg_class c on c.oid = indrelid
  where relnamespace::regnamespace::text !~ '^(pg_|information_schema|godwit)'
union all select format('%s %s %s', conname, conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint
  where connamespace::regnamespace::text !~ '^(pg_|information_schema|godwit)'
union all select format('enum %s %s', enumtypid::regtype, string_agg(enumlabel, ' ' order by enumsortorder)) from pg_enum group by enumtypid
union all select pg_get_functiondef(oid) from pg_proc where pronamespace::regnamespace::text !~ '^(pg_|information_schema|godwit)' and prokind in ('f', 'p')
union all select pg_get_viewdef(c.oid) from pg_class c where relkind in ('v', 'm') and relnamespace::regnamespace::text !~ '^(pg_|information_schema|godwit)'
union all select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
union all select format('comment %s', description) from pg_description where objoid >= 16384
order by 1`;

const baseline = `
select concat_ws(' ', o.kind, o.name, o.words, o.whole, o.drifted, 'made by', m.id, 'last', w.id) as line
from godwit.object o left join godwit.migration m on m.seq = o.made left join godwit.migration w on w.seq = o.seq
union all select concat_ws(' ', 'former', f.change, f.kind, f.name, f.words, b.id, m.id, w.id) from godwit.former_object f
left join godwit.migration b on b.seq = f.seq left join godwit.migration m on m.seq = f.made left join godwit.migration w on w.seq = f.written
union all select concat_ws(' ', 'row of', s.relation::regclass, s.key_values, s.columns, s.missing, s.drift, m.id, s.line)
from godwit.seed s join godwit.migration m on m.seq = s.seq
union all select concat_ws(' ', 'down of', m.id, d.file, d.checksum, d.created, md5(d.body)) from godwit.recorded_down d join godwit.migration m on m.seq = d.seq
union all select 'undescribed transaction' from godwit.own_transaction
union all select 'unfollowed rows' from godwit.unfollowed
order by 1`;

const history = `select seq, id, set, name, file, checksum, kind, head,
  (select count(*)::int from godwit.statement s where s.seq = m.seq and s.ms is not null) as timed,
  (select array_agg(concat_ws(' ', ordinal, tag, line, count, hash, state) order by ordinal) from godwit.statement s where s.seq = m.seq) as statements
from godwit.migration m order by seq`;

/** Of each event the kind, and its body without times; the digests of a description are about what both have. */
const audit = `select e.kind, (e.body::jsonb - 'ms' - 'at' - 'run' - 'plan' - 'finishedAt' - 'objects' - 'former')::text as body
from godwit.event e join godwit.run r on r.run = e.run where e.kind not in ('run', 'finished') order by r.started_at, e.n`;

/** What a database and the history say, without times and ids of transactions; and what the run said of its changes. */
export async function madeBy(
  database: TestDatabase,
  ran: Awaited<ReturnType<TestProject['run']>>,
): Promise<Readonly<Record<string, unknown>>> {
  const changes = ran.json.flatMap((event) => (event.kind === 'changes' ? event.changes : []));
  return {
    catalogue: await database.query(catalogue),
    baseline: await database.query(baseline),
    history: await database.query(history),
    audit: await database.query(audit),
    changes: changes.map((change) => JSON.stringify(change)).sort(),
    checks: ran.json
      .flatMap((event) => (event.kind === 'checks' ? event.checks : []))
      .map(({ ok, kind, object, migration }) => `${kind} ${object} ${migration} ${ok}`),
    findings: ran.json.flatMap((event) =>
      event.kind === 'finding' ? [`${event.finding.code} ${event.finding.why}`] : [],
    ),
  };
}
