import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { Session } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { newestVersion } from './newest-version.ts';
import { historyFunctions, historySchema, historyTables } from './schema.generated.ts';

const installKey = '1735353463, 26997';

/**
 * Creates schema godwit, or upgrades it to its present version, in one transaction. Called by the holder of the run
 * lock, so two runs never do it at once.
 */
export async function installHistory(session: Session, version: number, environment: string): Promise<Outcome<void>> {
  if (version >= newestVersion) return ok(undefined);
  const tables = version === 0 ? [historyTables] : historySchema.slice(version);
  const steps = [...tables, ...historyFunctions].join('\n');
  const first =
    version === 0
      ? `INSERT INTO godwit.guard (schema_version, environment) VALUES (${newestVersion}, ${quoteLiteral(environment)});
INSERT INTO godwit.epoch DEFAULT VALUES;`
      : `UPDATE godwit.guard SET schema_version = ${newestVersion};`;
  // CREATE SCHEMA IF NOT EXISTS requires the privilege even if the schema exists. Runs through a pooler have no lock
  // before there is a history: the second one that installs it does not wait here.
  const schema =
    version === 0
      ? `DO $$ BEGIN
IF NOT pg_catalog.pg_try_advisory_xact_lock(${installKey}) THEN
  RAISE EXCEPTION USING ERRCODE = '55P03', MESSAGE = 'godwit: another run is making schema godwit';
END IF;
IF pg_catalog.to_regnamespace('godwit') IS NULL THEN CREATE SCHEMA godwit; END IF;
END $$;`
      : '';
  const text = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\nSET LOCAL client_min_messages TO warning;\nSET LOCAL check_function_bodies TO off;\n${schema}\n${steps}\n${first}\nCOMMIT`;
  const reply = await session.send(text);
  if (reply.ok) return ok(undefined);
  if (!reply.error.lost) await session.send('ROLLBACK');
  return err(serverFault(reply.error));
}
