import type { Finding } from '../../../kit/finding.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { majorOf } from './server-facts.ts';
import type { Opened } from './open.ts';

const extensions = `select e.extname, n.nspname from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace order by 1`;

/**
 * Reports what a rehearsal must know of the database.
 *
 * @param files to rehearse; absent: all of the folder
 * @returns why it cannot be reported
 */
export async function reportDatabase(
  ports: RunnerPorts,
  { session, facts }: Pick<Opened, 'session' | 'facts'>,
  files?: readonly string[],
): Promise<Finding | undefined> {
  const asked = await session.send(extensions, { rows: 'all' });
  if (!asked.ok) return serverFault(asked.error);
  ports.emit({
    kind: 'database',
    major: majorOf(facts),
    searchPath: facts.searchPath,
    schema: facts.schema,
    extensions: (asked.results[0]?.rows ?? []).map(([name, schema]) => ({ name: name ?? '', schema: schema ?? '' })),
    ...(files === undefined ? {} : { files }),
  });
  return undefined;
}
