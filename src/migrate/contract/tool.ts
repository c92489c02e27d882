/** The tools whose folders and histories are known, by the names that `layout` and `adopt --from` take. */
export const tools = [
  'dbmate',
  'goose',
  'node-pg-migrate',
  'sql-migrate',
  'golang-migrate',
  'flyway',
  'prisma',
  'drizzle',
  'supabase',
  'atlas',
  'sqitch',
  'liquibase',
  'alembic',
  'rails',
  'knex',
  'typeorm',
] as const;

/** A migration tool other than this one. */
export type Tool = (typeof tools)[number];

/** What a tool is called in texts for people. */
export const toolTitles: Readonly<Record<Tool, string>> = {
  dbmate: 'dbmate',
  goose: 'goose',
  'node-pg-migrate': 'node-pg-migrate',
  'sql-migrate': 'sql-migrate',
  'golang-migrate': 'golang-migrate',
  flyway: 'Flyway',
  prisma: 'Prisma',
  drizzle: 'Drizzle',
  supabase: 'Supabase',
  atlas: 'Atlas',
  sqitch: 'Sqitch',
  liquibase: 'Liquibase',
  alembic: 'Alembic',
  rails: 'Rails',
  knex: 'Knex',
  typeorm: 'TypeORM',
};

/** How a folder names, orders and divides its migrations: the layouts that can be read. */
export const layouts = [
  'native',
  'dbmate',
  'goose',
  'node-pg-migrate',
  'sql-migrate',
  'golang-migrate',
  'flyway',
  'prisma',
  'drizzle',
  'supabase',
  'atlas',
] as const satisfies readonly ('native' | Tool)[];

/** A layout that can be read. */
export type Layout = (typeof layouts)[number];

/** What the configuration asks for: `auto` looks at the folder. */
export type LayoutChoice = 'auto' | Layout;

/** Is this a tool whose folders are read? Those of the others are refused with the way on. */
export function isLayout(tool: string): tool is Layout {
  return layouts.some((layout) => layout === tool);
}
