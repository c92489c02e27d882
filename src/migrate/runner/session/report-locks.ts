import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import { readLockWaitSnapshot, snapshotQuery, type LockWaitSnapshot } from '../lock-waits/lock-wait-snapshot.ts';
import { describeBlockers, preparedCure } from '../lock-waits/blocker-text.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { openControl } from './control-connection.ts';

/** Reports what blocks a session that reads. */
export interface LockReporter {
  /** True: at the last query, the session was waiting for a lock. */
  readonly waits: boolean;
  /** The same findings; one about a lock that could not be acquired names the relation and the holder. */
  explain(findings: readonly Finding[]): readonly Finding[];
  end(): void;
}

/** The first query happens after this time: answers within it cost nothing. */
const timeoutMs = 2_000;
const beatMs = 250;

/**
 * Reports once who holds the lock for which a session waits that reads the history. Over a second connection, which is
 * opened on demand; if that fails, nothing is reported.
 */
export function reportLocks(ports: RunnerPorts, session: Session, run: string): LockReporter {
  const control = openControl(ports, run, 'when-asked');
  const state = { ended: false, answered: session.answered, since: ports.clock(), waits: false, reported: false };
  let seen: LockWaitSnapshot | undefined;
  let cancel: () => void = () => {};

  const check = async (): Promise<void> => {
    const { waiting, answered } = session;
    if (waiting === 0 || answered !== state.answered) {
      state.answered = answered;
      state.since = ports.clock();
      state.waits = false;
    }
    if (ports.clock() - state.since < timeoutMs) return;
    // The session is still waiting; query again later.
    state.since = ports.clock();
    // Through a pooler the pid belongs to no process, or to that of another client.
    const own = `select from pg_catalog.pg_stat_activity where pid = ${session.pid} and application_name = ${quoteLiteral(`godwit ${run}`)}`;
    const answer = await control.ask(`${own};\n${snapshotQuery(session.pid)}`);
    state.waits = false;
    if (!answer.ok || answer.value[0]?.rows.length !== 1 || state.ended) return;
    const snapshot = readLockWaitSnapshot(answer.value[1]?.rows ?? []);
    state.waits = snapshot.waitedMs > 0;
    if (snapshot.blockers.length === 0 || state.reported) return;
    state.reported = true;
    seen = snapshot;
    const { waitedMs, blockers, waiters, relation } = snapshot;
    const on = relation === undefined ? {} : { on: relation };
    ports.emit({ kind: 'lock.blocked', id: '', ...on, waitedMs: Math.round(waitedMs), blockers, waiters });
  };
  const beat = async (): Promise<void> => {
    await check();
    if (!state.ended) cancel = ports.timer(beatMs, () => void beat());
  };
  cancel = ports.timer(beatMs, () => void beat());
  return {
    get waits() {
      return state.waits;
    },
    explain: (findings) => findings.map((finding) => (finding.code === 'lock-timeout' ? locked(seen) : finding)),
    end() {
      state.ended = true;
      cancel();
      void control.close();
    },
  };
}

/** A task that only reads has changed nothing. */
function locked(seen: LockWaitSnapshot | undefined): Finding {
  if (seen === undefined) return fault('history-locked');
  const { relation, blockers } = seen;
  const [first] = blockers;
  const cure = preparedCure(blockers) ?? endIt(first?.pid ?? 0);
  return fault('history-locked', {
    why: `${describeBlockers(blockers)} holds ${relation === undefined ? 'the lock' : `a lock on ${relation}`}.`,
    fix: cure,
  });
}

function endIt(pid: number): string {
  return `Run the same command again when that session has finished, or end it: \`select pg_terminate_backend(${pid})\`.`;
}
