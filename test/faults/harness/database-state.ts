import type { CaseDatabase } from './workbench.ts';

/** What a database says of the work: effects, catalogue, history, audit, and what a runner may have left behind. */
export interface DatabaseState {
  /** What the statements that are not idempotent have written, in the order of writing. */
  readonly ledger: readonly string[];
  /** Tables, columns, indexes with their validity, constraints, types, partitions, functions: as text, in order. */
  readonly catalogue: readonly string[];
  /** Ids of applied migrations, in order. */
  readonly applied: readonly string[];
  /** For each recorded migration its statements: `04: 0 CREATE INDEX done`. */
  readonly statements: readonly string[];
  /** Statements of migrations that stand in part. */
  readonly partial: readonly string[];
  /** `<run> <outcome> <exit code>`. */
  readonly runs: readonly { readonly run: string; readonly outcome: string; readonly exitCode: number | null }[];
  /** How many migrations each run has recorded. */
  readonly recordedBy: Readonly<Record<string, number>>;
  /** Tables' contents that must be as after a run without faults. */
  readonly rows: readonly string[];
}

const rowQueries: Readonly<Record<string, string>> = {
  accounts: 'select count(*), sum(visits), count(*) filter (where mood is not null) from accounts',
  states: "select string_agg(state, ' ' order by id) from accounts where id < 13",
  orders: "select count(*), sum(total), string_agg(note, ' ' order by id) from orders",
  events: 'select count(*) from events',
  old: 'select count(*) from events_2020',
};

const catalogueQuery = `
select format('%s %s %s', relkind, relname, relispartition) as line from pg_class
  where relnamespace = 'public'::regnamespace
union all select format('column %s.%s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull)
  from pg_attribute join pg_class on pg_class.oid = attrelid
  where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v') and attnum > 0 and not attisdropped
union all select format('%s valid %s ready %s', pg_get_indexdef(indexrelid), indisvalid, indisready)
  from pg_index where indexrelid::regclass::text !~ '^(pg_catalog|godwit)\\.' and indrelid >= 16384
  and indrelid not in (select reltoastrelid from pg_class) and indrelid not in (select oid from pg_class where relnamespace = to_regnamespace('godwit'))
union all select format('invalid toast index of %s', (select t.oid::regclass from pg_class t where t.reltoastrelid = indrelid))
  from pg_index where indrelid >= 16384 and not indisvalid and indrelid in (select reltoastrelid from pg_class)
union all select format('%s %s', conname, pg_get_constraintdef(oid)) from pg_constraint
  where connamespace = 'public'::regnamespace
union all select format('enum %s %s', enumtypid::regtype, string_agg(enumlabel, ' ' order by enumsortorder)) from pg_enum group by enumtypid
union all select format('%s in %s pending %s', inhrelid::regclass, inhparent::regclass, inhdetachpending) from pg_inherits
union all select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace
union all select pg_get_viewdef(oid) from pg_class where relkind = 'v' and relnamespace = 'public'::regnamespace
order by 1`;

/** Reads everything; what is not there (yet) counts as empty. */
export async function readState(database: CaseDatabase): Promise<DatabaseState> {
  const exists = async (name: string): Promise<boolean> => {
    const [row] = await database.query<{ there: boolean }>('select to_regclass($1) is not null as there', [name]);
    return row?.there === true;
  };
  const lines = async (sql: string): Promise<readonly string[]> =>
    (await database.query<{ line: string }>(sql)).map(({ line }) => line);
  const ledger = (await exists('ledger')) ? await lines('select what as line from ledger order by n') : [];
  const catalogue = await lines(catalogueQuery);
  const work = { ledger, catalogue, rows: await readRows(database) };
  if (!(await exists('godwit.run')))
    return { ...work, applied: [], statements: [], partial: [], runs: [], recordedBy: {} };
  const applied = await database.query<{ id: string; run: string }>(
    'select id, run from godwit.migration order by seq',
  );
  const runs = await database.query<{ run: string; outcome: string; exit_code: number | null }>(
    // As the tool itself shows it: a run that died could not write its end.
    `select run, exit_code, case when outcome = 'running' and not exists (select from pg_stat_activity
       where application_name = 'godwit ' || run) then 'interrupted' else outcome end as outcome
     from godwit.run order by started_at`,
  );
  const recordedBy: Record<string, number> = {};
  for (const { run } of applied) recordedBy[run] = (recordedBy[run] ?? 0) + 1;
  return {
    ...work,
    applied: applied.map(({ id }) => id),
    statements: await lines(
      "select concat_ws(' ', migration, ordinal, count, tag, state) as line from godwit.statement where seq is not null order by seq, ordinal, n",
    ),
    partial: await lines(
      "select concat_ws(' ', migration, ordinal, count, tag, state) as line from godwit.statement where seq is null order by n",
    ),
    runs: runs.map(({ run, outcome, exit_code: exitCode }) => ({ run, outcome, exitCode })),
    recordedBy,
  };
}

/** Contents of the tables; a table that is not there in its last form says so. */
async function readRows(database: CaseDatabase): Promise<readonly string[]> {
  const rows: string[] = [];
  for (const [name, sql] of Object.entries(rowQueries)) {
    const found = await database.query(sql).then(
      ([row]) => JSON.stringify(row),
      () => 'not there',
    );
    rows.push(`${name}: ${found}`);
  }
  return rows;
}

/** Sessions of runners, and the run lock, that are still there. */
export async function leftBehind(database: CaseDatabase): Promise<readonly string[]> {
  const rows = await database.query<{ line: string }>(
    `select format('session %s (%s, %s)', application_name, state, left(query, 60)) as line from pg_stat_activity
       where datname = current_database() and application_name like 'godwit%'
     union all select format('%s lock %s', locktype, mode) from pg_locks
       where database = (select oid from pg_database where datname = current_database()) and pid <> pg_backend_pid()`,
  );
  return rows.map(({ line }) => line);
}
