import { harnessName } from './server-session.ts';
import type { CaseDatabase } from './workbench.ts';

/** What schema godwit says. */
export interface Records {
  /** Ids of applied migrations, in order. */
  readonly applied: readonly string[];
  /** For each recorded migration its statements: `04: 0 CREATE INDEX done`. */
  readonly statements: readonly string[];
  /** Statements of migrations that stand in part. */
  readonly partial: readonly string[];
  /** Each run with its outcome, as the tool itself shows it, and its exit code. */
  readonly runs: readonly { readonly run: string; readonly outcome: string; readonly exitCode: number | null }[];
  /** How many migrations each run has recorded. */
  readonly recordedBy: Readonly<Record<string, number>>;
}

/** What a database says of the work: effects, catalogue, and the records. */
export interface DatabaseState {
  readonly records: Records;
  /** What the statements that are not idempotent have written, in the order of writing. */
  readonly ledger: readonly string[];
  /** Tables, columns, indexes with their validity, constraints, types, partitions, functions: as text, in order. */
  readonly catalogue: readonly string[];
  /** Tables' contents that must be as after a run without faults. */
  readonly rows: readonly string[];
  /** What the runs have described: each object with its words and the migration that made it, and what is left to do. */
  readonly baseline: readonly string[];
}

const rowQueries: readonly string[] = [
  'select count(*), sum(visits), count(*) filter (where mood is not null) as moods from accounts',
  "select string_agg(state, ' ' order by id) as states from accounts where id < 13",
  "select count(*), sum(total), string_agg(note, ' ' order by id) as notes from orders",
  'select count(*) as events from events',
  'select count(*) as old from events_2020',
];

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

const baselineQuery = `
select concat_ws(' ', o.kind, o.name, o.words, case when o.whole then 'whole' end, case when o.drifted then 'drifted' end, 'made by', m.id) as line
from godwit.object o left join godwit.migration m on m.seq = o.made
union all select concat_ws(' ', 'row of', s.relation::regclass, s.key_values, s.columns, case when s.missing then 'missing' end, s.drift, m.id)
from godwit.seed s join godwit.migration m on m.seq = s.seq
union all select 'undescribed transaction' from godwit.own_transaction
union all select 'unfollowed rows' from godwit.unfollowed
union all select 'undescribed' from godwit.guard where undescribed
order by 1`;

/** Reads effects, catalogue and records; what is not there (yet) counts as empty. */
export async function readState(database: CaseDatabase): Promise<DatabaseState> {
  const [there, catalogue = []] = await database.columns("select to_regclass('ledger')", catalogueQuery);
  const [ledger = []] = there?.[0] === 'ledger' ? await database.columns('select what from ledger order by n') : [];
  return {
    ledger,
    catalogue,
    rows: await readRows(database),
    records: await readRecords(database),
    baseline: await readBaseline(database),
  };
}

const none: Records = { applied: [], statements: [], partial: [], runs: [], recordedBy: {} };

/** Reads the records alone. */
export async function readRecords(database: CaseDatabase): Promise<Records> {
  const [there] = await database.columns("select to_regclass('godwit.run')");
  if (there?.[0] !== 'godwit.run') return none;
  const line = "concat_ws(' ', migration, ordinal, count, tag, state)";
  const [applied = [], by = [], statements = [], partial = [], runs = []] = await database.columns(
    'select id from godwit.migration order by seq',
    'select run from godwit.migration order by seq',
    `select ${line} from godwit.statement where seq is not null order by seq, ordinal, n`,
    `select ${line} from godwit.statement where seq is null order by n`,
    // As the tool itself shows it: a run that died could not write its end.
    `select json_build_array(run, case when outcome = 'running' and not exists (select from pg_stat_activity
       where application_name = 'godwit ' || run) then 'interrupted' else outcome end, exit_code)::text
     from godwit.run order by started_at`,
  );
  const recordedBy: Record<string, number> = {};
  for (const run of by) recordedBy[run] = (recordedBy[run] ?? 0) + 1;
  return { applied, statements, partial, runs: runs.map(runOf), recordedBy };
}

async function readBaseline(database: CaseDatabase): Promise<readonly string[]> {
  const [there] = await database.columns("select to_regclass('godwit.object')");
  if (there?.[0] !== 'godwit.object') return [];
  const [lines = []] = await database.columns(baselineQuery);
  return lines;
}

function runOf(json: string): Records['runs'][number] {
  const [run, outcome, exitCode] = JSON.parse(json) as [string, string, number | null];
  return { run, outcome, exitCode };
}

/** Contents of the tables; where one is not there in its last form, that. */
async function readRows(database: CaseDatabase): Promise<readonly string[]> {
  const sent = database.columns(...rowQueries.map((sql) => `select json_agg(found)::text from (${sql}) as found`));
  return await sent.then(
    (columns) => columns.flat(),
    (error: Error) => [error.message],
  );
}

/** Sessions of runners, and locks of anybody, that are still there. */
export async function leftBehind(database: CaseDatabase): Promise<readonly string[]> {
  const [sessions = [], locks = []] = await database.columns(
    `select format('session %s (%s, %s)', application_name, state, left(query, 60)) from pg_stat_activity
       where datname = current_database() and application_name <> '${harnessName}' and backend_type = 'client backend'`,
    `select format('%s lock %s', locktype, mode) from pg_locks
       where database = (select oid from pg_database where datname = current_database()) and pid <> pg_backend_pid()`,
  );
  return [...sessions, ...locks];
}
