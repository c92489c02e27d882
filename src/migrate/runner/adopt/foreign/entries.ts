import { quoteIdent, quoteName } from '../../../../sql/quote.ts';
import type { ForeignEntry, ForeignHistory } from '../../../contract/foreign-history.ts';
import type { AnswerRow } from '../../../contract/ports.ts';
import { toolTitles, type Tool } from '../../../contract/tool.ts';
import type { RecognisedTable } from './recognise.ts';

/** How one tool's table is read: five columns, and what each row says. */
interface EntryColumns {
  /** SQL for version, name, hash, time and mark; in the tool's order. */
  readonly columns: readonly [version: string, name: string, hash: string, at: string, mark: string];
  readonly order: string;
  readonly where?: string;
  /** Default: every row is a migration that is applied. */
  readonly rows?: (rows: readonly Row[]) => Pick<ForeignHistory, 'entries' | 'unsettled'>;
}

interface Row extends Omit<ForeignEntry, 'upTo'> {
  readonly mark: string;
}

const none = "''";

// From the sources of the tools: what each of them takes for applied, undone, and failed.
const readings: Readonly<Record<Tool, EntryColumns>> = {
  dbmate: { columns: ['version', none, none, none, none], order: 'version' },
  rails: { columns: ['version', none, none, none, none], order: 'version' },
  supabase: { columns: ['version', 'name', none, none, none], order: 'version' },
  alembic: { columns: ['version_num', none, none, none, none], order: 'version_num' },
  'node-pg-migrate': { columns: [none, 'name', none, 'run_on', none], order: 'run_on, id' },
  'sql-migrate': { columns: [none, 'id', none, 'applied_at', none], order: 'id' },
  knex: { columns: [none, 'name', none, 'migration_time', none], order: 'id' },
  typeorm: { columns: ['timestamp', 'name', none, none, none], order: '"timestamp", id' },
  sqitch: { columns: [none, 'change', none, 'committed_at', none], order: 'committed_at' },
  drizzle: {
    columns: ['created_at', 'name', 'hash', 'pg_catalog.to_timestamp(created_at / 1000.0)', none],
    order: 'created_at, id',
  },
  // `down` removes a row or, in old versions, adds one: of each version the newest counts. Version 0 is no migration.
  goose: {
    columns: ['version_id', none, none, 'tstamp', 'is_applied'],
    order: 'id',
    where: 'version_id > 0',
    rows(rows) {
      const newest = new Map<string, Row>();
      for (const row of rows) {
        newest.delete(row.version);
        newest.set(row.version, row);
      }
      return settled([...newest.values()].filter(({ mark }) => mark === 'true'));
    },
  },
  // One row: the version that everything up to it is applied. It is marked dirty before a migration begins.
  'golang-migrate': {
    columns: ['version', none, none, none, 'dirty'],
    order: 'version',
    rows: (rows) => ({
      entries: rows
        .filter(({ version }) => !version.startsWith('-'))
        .map((row): ForeignEntry => ({ ...entryOf(row), upTo: true })),
      unsettled: rows
        .filter(({ mark }) => mark === 'true')
        .map(({ version }) => `version ${version} is dirty: a migration began there and did not end`),
    }),
  },
  flyway: {
    columns: ['version', 'script', none, 'installed_on', "type || ' ' || success"],
    order: 'installed_rank',
    rows(rows) {
      const applied = new Map<string, ForeignEntry>();
      const unsettled: string[] = [];
      for (const row of rows) {
        const [type = '', success] = row.mark.split(' ');
        // Without a version: repeatable migrations, and the row about the schema.
        if (success === 'true' && row.version === '') continue;
        if (success !== 'true') unsettled.push(`${row.name} failed`);
        else if (type === 'DELETE' || type.startsWith('UNDO')) applied.delete(row.version);
        else applied.set(row.version, type.includes('BASELINE') ? { ...entryOf(row), upTo: true } : entryOf(row));
      }
      return { entries: [...applied.values()], unsettled };
    },
  },
  prisma: {
    columns: [
      none,
      'migration_name',
      'checksum',
      'finished_at',
      "case when rolled_back_at is not null then 'rolled back' when finished_at is null then 'failed' else '' end",
    ],
    order: 'started_at',
    rows: (rows) => ({
      entries: rows.filter(({ mark }) => mark === '').map(entryOf),
      unsettled: rows.filter(({ mark }) => mark === 'failed').map(({ name }) => `${name} failed, or is under way`),
    }),
  },
  // Types are bits: 1 is a baseline, 4 was settled by hand. A version with a dot in front is about the tool itself.
  atlas: {
    columns: [
      'version',
      'description',
      none,
      'executed_at',
      `case when type & 4 = 0 and (applied < total or coalesce(error, '') <> '') then applied || ' of ' || total
    when type & 1 = 1 then 'baseline' else '' end`,
    ],
    order: 'executed_at, version',
    where: "version not like '.%'",
    rows: (rows) => ({
      entries: rows
        .filter(({ mark }) => mark === '' || mark === 'baseline')
        .map((row) => (row.mark === 'baseline' ? { ...entryOf(row), upTo: true as const } : entryOf(row))),
      unsettled: rows
        .filter(({ mark }) => mark.includes(' of '))
        .map(({ version, mark }) => `of version ${version}, ${mark} statements are applied`),
    }),
  },
  liquibase: {
    columns: ['id', 'filename', none, 'dateexecuted', 'exectype'],
    order: 'orderexecuted',
    rows: (rows) => ({
      entries: rows.filter(({ mark }) => mark !== 'FAILED' && mark !== 'SKIPPED').map(entryOf),
      unsettled: rows
        .filter(({ mark }) => mark === 'FAILED')
        .map(({ version, name }) => `changeset ${version} of ${name} failed`),
    }),
  },
};

/** The query for a table's entries. */
export function entriesQuery({ tool, schema, name, columns }: RecognisedTable): string {
  const { columns: wanted, order, where } = readings[tool];
  const present = (column: string): string => (/^\w+$/.test(column) && !columns.has(column) ? none : column);
  const [version, title, hash, at, mark] = wanted;
  const values = [
    `coalesce((${present(version)})::text, '')`,
    `coalesce((${present(title)})::text, '')`,
    `coalesce((${present(hash)})::text, '')`,
    timeText(present(at), columns.get(at)),
    `coalesce((${present(mark)})::text, '')`,
  ];
  const condition = where === undefined ? '' : ` where ${where}`;
  return `select ${values.join(', ')} from ${quoteName({ schema, name })}${condition} order by ${order}`;
}

function timeText(value: string, type: string | undefined): string {
  if (value === none) return none;
  const known = type?.includes('without time zone') === true;
  const text = known
    ? `pg_catalog.to_char(${value}, 'YYYY-MM-DD"T"HH24:MI:SS')`
    : `pg_catalog.to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
  return `coalesce(${text}, '')`;
}

/** The query for the lock that a tool holds while it works; undefined: it has none. */
export function lockQuery({ tool, lock }: RecognisedTable): string | undefined {
  if (lock === undefined) return undefined;
  const column = tool === 'knex' ? 'is_locked' : tool === 'liquibase' ? 'locked' : undefined;
  if (column === undefined || !lock.columns.has(column)) return undefined;
  return `select 1 from ${quoteName(lock)} where ${quoteIdent(column)}::text in ('1', 'true')`;
}

/** What the rows of a table say. */
export function readEntries(
  table: RecognisedTable,
  answer: readonly AnswerRow[],
  isLocked: boolean,
): Pick<ForeignHistory, 'entries' | 'unsettled'> {
  const rows = answer.map(([version, name, hash, at, mark]): Row => ({
    version: version ?? '',
    name: name ?? '',
    hash: hash ?? '',
    at: at ?? '',
    mark: mark ?? '',
  }));
  const { entries, unsettled } = (readings[table.tool].rows ?? settled)(rows);
  const locked = isLocked ? [`${toolTitles[table.tool]} holds its lock: it is at work, or has died`] : [];
  return { entries, unsettled: [...unsettled, ...locked] };
}

function settled(rows: readonly Row[]): Pick<ForeignHistory, 'entries' | 'unsettled'> {
  return { entries: rows.map(entryOf), unsettled: [] };
}

function entryOf({ version, name, hash, at }: Row): ForeignEntry {
  return { version, name, hash, at };
}
