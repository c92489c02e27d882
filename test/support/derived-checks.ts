import { createConnector } from '../../src/adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../../src/adapters/url/database-url.ts';
import { catalogueMessage, readCatalogue, wantedBy } from '../../src/migrate/verify/catalogue.ts';
import { fold } from '../../src/migrate/verify/fold.ts';
import { judge } from '../../src/migrate/verify/judge.ts';
import type { Check } from '../../src/migrate/model.ts';
import type { Session } from '../../src/migrate/ports.ts';
import type { TestDatabase } from './database.ts';
import { effectsOf } from './effects.ts';

async function openSession(database: TestDatabase): Promise<Session> {
  const address = readDatabaseUrl(database.url, 'the test', { user: 'postgres' });
  if (!address.ok) throw new Error(JSON.stringify(address.findings));
  const options = { pipelined: true, applicationName: 'test', settings: {} };
  const session = await createConnector(address.value.address).open(options);
  if (!session.ok) throw new Error(JSON.stringify(session.findings));
  return session.value;
}

/** What is derived from scripts that have run, held against the database. */
export async function checksOf(database: TestDatabase, scripts: readonly string[]): Promise<readonly Check[]> {
  const migrations = await Promise.all(
    scripts.map(async (sql, index) => ({ id: `${index}`, effects: await effectsOf(sql) })),
  );
  const folded = fold(migrations, 'public');
  const session = await openSession(database);
  const reply = await session.send(catalogueMessage(wantedBy(folded)), { rows: 'all' });
  if (!reply.ok) throw new Error(reply.error.message);
  const actual = readCatalogue(reply);
  await session.close();
  return judge(folded, actual);
}

/** Failed checks, a line each. */
export function failuresOf(checks: readonly Check[]): readonly string[] {
  return checks
    .filter(({ ok }) => !ok)
    .map(({ kind, object, expected, actual }) => `${kind} ${object}: ${expected}, not ${actual}`);
}
