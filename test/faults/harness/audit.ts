import { nodeHashing } from '../../../src/adapters/files/hashing.ts';
import { createConnector } from '../../../src/adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../../../src/adapters/url/database-url.ts';
import type { RunEvent } from '../../../src/migrate/contract/event.ts';
import { verifyChains } from '../../../src/migrate/runner/inspect/verify-chains.ts';
import type { Wrong } from './check.ts';
import { harnessName } from './server-session.ts';
import { must, type CaseDatabase } from './workbench.ts';

/** The audit chains, as `godwit runs verify-chain` judges them. */
export async function auditOf(database: CaseDatabase): Promise<readonly Wrong[]> {
  const { address } = must(readDatabaseUrl(database.url(), 'the case', { user: 'postgres' }));
  const options = { pipelined: false, applicationName: harnessName, settings: {} };
  const session = must(await createConnector(address).open(options));
  const events: RunEvent[] = [];
  try {
    const ports = { hashing: nodeHashing, emit: (event: RunEvent) => void events.push(event) };
    await verifyChains(session, ports, '');
  } finally {
    await session.close();
  }
  return events.flatMap((event): readonly Wrong[] => {
    if (event.kind === 'chain.history') return event.flaws.map((why) => ({ flaw: 'unrecorded', why: `audit: ${why}` }));
    return event.kind === 'chain' && !event.ok
      ? [{ flaw: 'unrecorded', why: `audit of ${event.run}: ${event.why}` }]
      : [];
  });
}
