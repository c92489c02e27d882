import { fault } from '../../../kit/fault.ts';
import type { Finding, Place } from '../../../kit/finding.ts';
import type { Detection } from './by-names.ts';
import type { ToolMark } from './marks.ts';
import { toolTitles, type Tool } from '../../contract/tool.ts';

/** What a team types to apply its migrations with the tool itself. */
const ownCommand: Readonly<Record<Tool, string>> = {
  dbmate: 'dbmate up',
  goose: 'goose up',
  'node-pg-migrate': 'npx node-pg-migrate up',
  'sql-migrate': 'sql-migrate up',
  'golang-migrate': 'migrate up',
  flyway: 'flyway migrate',
  prisma: 'npx prisma migrate deploy',
  drizzle: 'npx drizzle-kit migrate',
  supabase: 'supabase db push',
  atlas: 'atlas migrate apply',
  sqitch: 'sqitch deploy',
  liquibase: 'liquibase update',
  alembic: 'alembic upgrade head',
  rails: 'bin/rails db:migrate',
  knex: 'npx knex migrate:latest',
  typeorm: 'npx typeorm migration:run',
};

/** The fault about files of a tool that are not read, with the ways on. */
function refuseTool(tool: Tool, why: string, where: Place, fix = wayOn(tool)): Finding {
  return fault('foreign-layout', { why, fix, where });
}

/** The fault about a folder of a tool whose files are not read at all. */
export function refuseFolder({ tool, because }: Detection, where: Place): Finding {
  const why = `This is a folder of ${toolTitles[tool]} (${because}). Godwit does not read its files.`;
  return refuseTool(tool, why, where);
}

/** The fault about a folder that holds files of several tools. */
export function refuseMixed(found: readonly Detection[], where: Place): Finding {
  const why = `The folder holds files of several tools: ${found.map(({ tool, because }) => `${toolTitles[tool]} (${because})`).join(', ')}.`;
  const fix = 'Keep the files of one tool in the folder, or name the one that is meant in the configuration: `layout`.';
  return fault('foreign-layout', { why, fix, where });
}

/** The fault about a standalone script that a tool divides into sections, or heads with conditions. */
export function refuseBareFile({ tool, text, line }: ToolMark, file: string): Finding {
  const why = `\`${text}\` is a mark of ${toolTitles[tool]}: the file would run as a whole, with every part of it.`;
  const fix =
    'Put the statements that are meant into a file of their own. A folder of such files is read with `godwit up`.';
  return fault('foreign-layout', { why, fix, where: { file, line, column: 1 } });
}

/** The fault about a squashed file, which no other tool could do anything with. */
export function refuseSquash(tool: Tool, where: Place): Finding {
  const why = `A squashed file is one of the native layout, and this is a folder of ${toolTitles[tool]}.`;
  const fix = 'Rename the files to the native layout first, VERSION_name.sql: versions stay as they are.';
  return fault('foreign-layout', { why, fix, where });
}

/** How to go on with a folder that cannot be read: begin anew from the schema, or leave the work to the tool. */
export function wayOn(tool: Tool): string {
  const title = toolTitles[tool];
  return `To change over: \`pg_dump --schema-only --no-owner --file=migrations/0001_schema.sql DATABASE\`, then \`godwit adopt\`. To stay with ${title}: \`godwit exec -- ${ownCommand[tool]}\`.`;
}
