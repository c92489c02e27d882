import type { Tool } from '../../../contract/tool.ts';

/** A table of the database that may be another tool's history. */
export interface CandidateTable {
  readonly schema: string;
  readonly name: string;
  readonly owner: string;
  /** Types by column, as the server writes them. */
  readonly columns: ReadonlyMap<string, string>;
}

/** A history table, and the table next to it that holds the tool's lock, if there is one. */
export interface RecognisedTable extends CandidateTable {
  readonly tool: Tool;
  readonly lock: CandidateTable | undefined;
}

/** What the history table of a tool looks like. */
interface HistoryTableShape {
  readonly tool: Tool;
  /** Columns that it has, with the beginning of their types; empty: any type. */
  readonly has: Readonly<Record<string, string>>;
  /** Columns that it may have in addition; absent: any. */
  readonly may?: readonly string[];
  /** A column that it does not have. */
  readonly lacks?: string;
  /** For shapes that other tables might have by accident: what is in the table's name or that of its schema. */
  readonly named?: RegExp;
}

const text = 'character varying';
const migrationLike = /migration/i;

// Table and schema can be renamed in the settings of every tool, so the columns decide. The first shape that fits wins.
const shapes: readonly HistoryTableShape[] = [
  { tool: 'flyway', has: { installed_rank: 'integer', version: text, script: text, success: 'boolean' } },
  { tool: 'prisma', has: { migration_name: text, finished_at: '', rolled_back_at: '', applied_steps_count: '' } },
  { tool: 'atlas', has: { version: text, executed_at: '', applied: '', total: '', operator_version: text } },
  {
    tool: 'sqitch',
    has: { change_id: 'text', change: 'text', project: 'text', committed_at: '', planned_at: '' },
    lacks: 'event',
  },
  { tool: 'liquibase', has: { id: '', author: '', filename: '', orderexecuted: '', exectype: '', md5sum: '' } },
  { tool: 'goose', has: { id: '', version_id: 'bigint', is_applied: 'boolean', tstamp: 'timestamp' }, may: [] },
  { tool: 'golang-migrate', has: { version: 'bigint', dirty: 'boolean' }, may: [] },
  { tool: 'supabase', has: { version: '', statements: 'text[]' } },
  { tool: 'supabase', has: { version: '' }, named: /^supabase_migrations\./ },
  { tool: 'alembic', has: { version_num: text }, may: [] },
  { tool: 'knex', has: { id: 'integer', name: text, batch: 'integer', migration_time: 'timestamp' }, may: [] },
  { tool: 'node-pg-migrate', has: { id: 'integer', name: text, run_on: 'timestamp' }, may: [] },
  { tool: 'sql-migrate', has: { id: 'text', applied_at: 'timestamp' }, may: [], named: migrationLike },
  {
    tool: 'drizzle',
    has: { id: '', hash: 'text', created_at: 'bigint' },
    may: ['name', 'applied_at'],
    named: /migration|^drizzle\./i,
  },
  { tool: 'typeorm', has: { id: '', timestamp: 'bigint', name: text }, may: [], named: migrationLike },
  // Rails has the same one; it also has a table of its own next to it.
  { tool: 'dbmate', has: { version: text }, may: [], named: migrationLike },
];

const railsNeighbour = 'ar_internal_metadata';

/** Columns that hardly any other table has, and columns that count only in a small table. */
export const markers = {
  distinct: [
    'installed_rank',
    'rolled_back_at',
    'operator_version',
    'change_id',
    'md5sum',
    'version_id',
    'dirty',
    'statements',
    'version_num',
    'migration_time',
    'run_on',
    'is_locked',
    'lockgranted',
  ],
  small: ['version', 'applied_at', 'hash', 'timestamp'],
} as const;

/** The tables that are histories of known tools. */
export function recogniseHistories(tables: readonly CandidateTable[]): readonly RecognisedTable[] {
  return tables.flatMap((table): readonly RecognisedTable[] => {
    // Supabase's own services keep histories of theirs in the same database.
    if (/^supabase_.*admin$/.test(table.owner)) return [];
    const shape = shapes.find((one) => fits(one, table));
    if (shape === undefined) return [];
    const beside = tables.filter(({ schema }) => schema === table.schema);
    const rails = shape.tool === 'dbmate' && beside.some(({ name }) => name === railsNeighbour);
    const lock = beside.find(({ name }) => name === `${table.name}_lock` || name === `${table.name}lock`);
    return [{ ...table, tool: rails ? 'rails' : shape.tool, lock }];
  });
}

function fits({ has, may, lacks, named }: HistoryTableShape, { schema, name, columns }: CandidateTable): boolean {
  const needed = Object.entries(has);
  return (
    needed.every(([column, type]) => columns.get(column)?.startsWith(type) === true) &&
    (may === undefined || [...columns.keys()].every((column) => column in has || may.includes(column))) &&
    (lacks === undefined || !columns.has(lacks)) &&
    (named === undefined || named.test(`${schema}.${name}`))
  );
}
