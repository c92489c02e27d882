import { fault } from '../../../../kit/fault.ts';
import type { Finding } from '../../../../kit/finding.ts';
import type { ForeignEntry, ForeignHistory } from '../../../contract/foreign-history.ts';
import { foreignNotice } from '../../../contract/foreign-notice.ts';
import { toolTitles, type Tool } from '../../../contract/tool.ts';
import { summaryOf } from './find-foreign.ts';
import type { ForeignClaim } from './match-entries.ts';

/** How a tool is told that its history is in order again. */
const settling: Partial<Readonly<Record<Tool, string>>> = {
  'golang-migrate': '`migrate force VERSION`',
  flyway: '`flyway repair`',
  prisma: '`prisma migrate resolve --applied NAME` or `--rolled-back NAME`',
  atlas: '`atlas migrate apply`, or `atlas migrate set VERSION`',
  liquibase: '`liquibase update`, or `liquibase release-locks`',
  knex: '`knex migrate:unlock`',
};

/** The finding for a history that does not say what is applied. */
export function unsettledFinding({ tool, table, unsettled }: ForeignHistory): Finding {
  const title = toolTitles[tool];
  const own = settling[tool];
  const how = own === undefined ? '' : `: ${own}`;
  return fault('foreign-unsettled', {
    why: `In ${table} of ${title}: ${listed(unsettled)}.`,
    fix: `See what the migration has left in the database, complete or undo it, and tell ${title}${how}. Then run the command again.`,
  });
}

/** The finding for a history that `up` must not pass by; an error if its migrations are those that would run. */
export function foreignHistoryFinding(
  { history, claimed }: ForeignClaim,
  options: { readonly environment: string; readonly pending: readonly string[] },
): Finding {
  const again = options.pending.filter((id) => claimed.has(id)).length;
  if (again === 0) return history.unreadable === '' ? otherMigrations(history, options) : notice(history, options);
  const named = options.environment === 'local' ? '' : ` -e ${options.environment}`;
  const title = toolTitles[history.tool];
  const which = again === 1 ? 'one pending migration' : `${again} of the pending migrations`;
  return fault('foreign-history', {
    why: `Table ${history.table} of ${title} holds ${which} as applied; godwit would run ${again === 1 ? 'it' : 'them'} again.`,
    fix: `\`godwit adopt --from ${history.tool}${named}\` records what ${title} has applied. If its migrations are not those of this folder: \`godwit up --ignore-foreign ${history.tool}${named}\`.`,
  });
}

function notice(history: ForeignHistory, { environment }: { readonly environment: string }): Finding {
  return foreignNotice(summaryOf(history), environment);
}

function otherMigrations(
  { tool, table, entries }: ForeignHistory,
  { environment }: { readonly environment: string },
): Finding {
  const named = environment === 'local' ? '' : ` -e ${environment}`;
  const title = toolTitles[tool];
  const holds = entries.length === 1 ? 'Its only entry is' : `None of its ${entries.length} entries is`;
  return fault('foreign-history', {
    severity: 'warning',
    why: `Table ${table} belongs to ${title}. ${holds} ${entries.length === 1 ? 'no' : 'a'} migration of this folder.`,
    fix: `If these migrations make what ${title} has made: \`godwit adopt${named}\` compares them with the database and records them. Otherwise nothing is to be done.`,
  });
}

/** The finding for entries without a migration in the folder; an error if no entry has one. */
export function strangersFinding({ history, claimed, strangers }: ForeignClaim): Finding | undefined {
  if (strangers.length === 0) return undefined;
  const which = strangers.length === 1 ? '1 entry' : `${strangers.length} entries`;
  const why = `The folder has no migration for ${which} of ${history.table}: ${listed(strangers.map(entryName))}.`;
  const finding = fault('foreign-without-file', { why });
  if (claimed.size > 0) return finding;
  const fix = `If the migrations of the folder make what ${toolTitles[history.tool]} has made: \`godwit adopt\` compares them with the database. If not, set \`migrations\` to the folder of ${toolTitles[history.tool]}.`;
  return { ...finding, severity: 'error', fix };
}

/** The name that people know an entry by. */
function entryName({ name, version, hash }: ForeignEntry): string {
  return [name, version, hash.slice(0, 12)].find((one) => one !== '') ?? '';
}

const mostListed = 5;

/** The first names of a list, and how many more there are. */
export function listed(names: readonly string[]): string {
  const more = names.length > mostListed ? `, and ${names.length - mostListed} more` : '';
  return `${names.slice(0, mostListed).join(', ')}${more}`;
}
