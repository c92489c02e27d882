import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { Session } from '../../contract/ports.ts';

/**
 * The privileges of a role that migrates and does not own schema godwit (docs/history.md#several-roles-that-migrate).
 */
const writing: Readonly<Record<string, readonly string[]>> = {
  INSERT: [
    'run',
    'migration',
    'statement',
    'object',
    'event',
    'own_transaction',
    'former_object',
    'unfollowed',
    'seed',
    'recorded_down',
  ],
  UPDATE: ['guard', 'epoch', 'run', 'statement', 'object', 'own_transaction', 'former_object', 'unfollowed', 'seed'],
  DELETE: ['statement', 'object', 'own_transaction', 'former_object', 'unfollowed', 'seed'],
};

const inGodwit = "relnamespace = pg_catalog.to_regnamespace('godwit')";

const query = `select pg_catalog.quote_ident(current_user), pg_catalog.pg_get_userbyid(n.nspowner),
  not pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    or exists (select from pg_catalog.pg_class c where c.${inGodwit} and c.relkind = 'r' and not pg_catalog.has_table_privilege(c.oid, 'SELECT')),
  exists (select from (values ${Object.entries(writing)
    .flatMap(([right, tables]) => tables.map((table) => `('${table}', '${right}')`))
    .join(', ')}) needed (name, privilege) join pg_catalog.pg_class c on c.relname = needed.name and c.${inGodwit}
    where not pg_catalog.has_table_privilege(c.oid, needed.privilege))
    or exists (select from pg_catalog.pg_proc p where p.pronamespace = n.oid and not pg_catalog.has_function_privilege(p.oid, 'EXECUTE'))
from pg_catalog.pg_namespace n where n.nspname = 'godwit'`;

/**
 * Replaces the server's error about one table of schema godwit with everything that the role lacks there, as one block
 * of grants.
 *
 * @param findings the error; other findings are returned unchanged
 */
export async function explainRights(session: Session, findings: readonly Finding[]): Promise<readonly Finding[]> {
  const at = findings.findIndex(({ code }) => code === 'no-privilege');
  if (at < 0) return findings;
  const reply = await session.send(query, { rows: 'all' });
  const [role, owner, cannotRead, cannotWrite] = (reply.ok ? reply.results[0]?.rows[0] : undefined) ?? [];
  if (role == null || owner == null || (cannotRead !== 't' && cannotWrite !== 't')) return findings;
  const block = [...grantsToRead(role), ...(cannotWrite === 't' ? grantsToWrite(role) : [])];
  const lacking = fault('no-privilege', {
    why: `Role ${role} lacks rights in schema godwit, which belongs to ${owner}. ${findings[at]?.why ?? ''}`,
    fix: `As ${owner}:\n${block.join('\n')}`,
  });
  return findings.with(at, lacking);
}

function grantsToRead(role: string): readonly string[] {
  return [`GRANT USAGE ON SCHEMA godwit TO ${role};`, `GRANT SELECT ON ALL TABLES IN SCHEMA godwit TO ${role};`];
}

function grantsToWrite(role: string): readonly string[] {
  const lists = Object.entries(writing).map(
    ([right, tables]) => `GRANT ${right} ON ${tables.map((table) => `godwit.${table}`).join(', ')} TO ${role};`,
  );
  return [...lists, `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA godwit TO ${role};`];
}
