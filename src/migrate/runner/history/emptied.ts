import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { TaskEnvironment } from '../../contract/task.ts';
import { isElsewhere } from '../verify/describe.ts';
import { majorOf } from '../session/server-facts.ts';
import type { Opened } from '../session/open.ts';

const mostNamed = 3;

/**
 * The finding when the history remains but everything that its migrations made is gone, as after DROP SCHEMA public
 * CASCADE. Usually undefined.
 */
export async function emptied(
  { session, facts, history }: Pick<Opened, 'session' | 'facts' | 'history'>,
  environment: TaskEnvironment,
): Promise<Finding | undefined> {
  // What a dead run has dropped is described only by the next run; on another server the OIDs mean nothing.
  const isKnown = !history.undescribed && !isElsewhere({ server: facts, major: majorOf(facts) }, history.baseline);
  if (history.tablesGone !== true || !isKnown) return undefined;
  const reply = await session.send(
    `select o.name, m.id, m.file, pg_catalog.count(*) over () from godwit.object o join godwit.migration m on m.seq = o.made
where o.class = 'pg_catalog.pg_class'::pg_catalog.regclass and o.sub = 0 and o.kind = 'table' order by o.made, o.name limit ${mostNamed}`,
    { rows: 'all' },
  );
  const rows = reply.ok ? (reply.results[0]?.rows ?? []) : [];
  const count = Number(rows[0]?.[3] ?? 0);
  const named = rows.map(([name, id]) => `${name ?? ''} by migration ${id ?? ''}`).join(', ');
  const more = count > rows.length ? `, and ${count - rows.length} more` : '';
  const which = count === 1 ? 'The table that migrations made is' : `All ${count} tables that migrations made are`;
  return fault('objects-gone', { why: `${which} gone: ${named}${more}.`, fix: fixFor(environment) });
}

function fixFor({ name, pinned }: TaskEnvironment): string {
  const named = name === 'local' ? '' : ` -e ${name}`;
  const settleIdentity = pinned === undefined ? '' : `\`godwit adopt --identity --reason TEXT${named}\`, `;
  const afresh =
    name === 'local'
      ? '`godwit db reset --up`, which drops the database with its history'
      : `\`DROP SCHEMA godwit CASCADE\`, ${settleIdentity}\`godwit up${named}\``;
  return `\`godwit verify${named}\` lists everything that is missing. Restore the database from a backup, or start again: ${afresh}. If the tables were dropped on purpose, accept that: \`godwit verify --accept\`.`;
}
