import { ok } from '../../../kit/outcome.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { majorOf } from './server-facts.ts';
import type { LiveRun } from '../run/run-state.ts';
import { noTimeout, type Opened } from './open.ts';

/** The run on a newly opened session, before its first writes; executes no statement of a migration. */
export function openedRun(run: string, ports: RunnerPorts, { session, facts, history }: Opened): LiveRun {
  return {
    session,
    backend: facts.backend,
    epoch: history.epoch,
    head: history.head,
    run,
    attempt: ports.random().toString(36).slice(2),
    terms: {
      run,
      onDisconnect: 'cancel',
      ...(facts.pooled ? { pooled: true } : {}),
      ...(facts.timesOut ? { pinned: noTimeout } : {}),
    },
    schema: facts.schema,
    server: { systemId: facts.systemId, databaseOid: facts.databaseOid },
    major: majorOf(facts),
    begun: Promise.resolve(ok('moved')),
  };
}
