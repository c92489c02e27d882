import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import { installHistory } from '../history/install.ts';
import { readHistory } from '../history/read-history.ts';
import type { History } from '../../contract/history.ts';
import { localCommit } from '../history/run-record.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import type { ApplyTask } from '../../contract/task.ts';
import type { LiveRun } from '../run/live-run.ts';
import { holderQuery, tryUntil } from './run-lock.ts';

/** The part of a task that the lease needs. */
export type LeaseTask = Pick<ApplyTask, 'run' | 'environment' | 'actor' | 'waitMs'>;

/**
 * Takes the lease of a run through a pooler by repeated tries, as the run lock is taken on a direct session. The lease
 * is in schema godwit, which is created first if need be.
 *
 * @returns `elsewhere`: the database belongs to another environment by now, and nothing was taken
 */
export async function takeLease(
  task: LeaseTask,
  ports: RunnerPorts,
  session: Session,
  history: History,
): Promise<Outcome<'leased' | 'elsewhere'>> {
  // If the identity is set meanwhile, the database differs from the one that was checked.
  const expected = history.version === 0 ? task.environment.name : history.environment;
  let present = history;
  const taken = await tryUntil(ports, task.waitMs, async () => {
    if (present.version === 0) {
      const installed = await installHistory(session, 0, task.environment.name);
      const again = await readHistory(session, ports.hashing);
      if (!again.ok) return again;
      present = again.value;
      // Another run may have been faster; then a history exists now, or will in a moment.
      if (present.version === 0)
        return installed.ok || installed.findings.some(({ code }) => code === 'lock-timeout')
          ? ok('A run that is creating the history')
          : installed;
      // A database of another environment is noticed before anything is written there.
      if (present.environment !== expected) return ok('');
    }
    return await tryLease(session, task);
  });
  if (!taken.ok) return taken;
  return ok(present.environment === expected ? 'leased' : 'elsewhere');
}

async function tryLease(session: Session, task: LeaseTask): Promise<Outcome<string>> {
  const options = [task.run, `godwit ${task.run} (by ${task.actor.by}, through a pooler)`].map(quoteLiteral).join(', ');
  const reply = await session.send(
    `${localCommit};\nselect coalesce((select text from (${holderQuery} limit 1) h (text, application, login)), godwit.lease(${options}))`,
    { rows: 'all' },
  );
  return reply.ok ? ok(reply.results.at(-1)?.rows[0]?.[0] ?? '') : err(serverFault(reply.error));
}

const renewEveryMs = 10_000;

/**
 * Renews the lease while the run waits for something other than the guard row, such as a lock that it tries to acquire
 * repeatedly: a renewal by a message is rolled back with that message. A message in flight needs no renewal, and this
 * does not wait for it.
 *
 * @returns what ends it
 */
export function keepLease(ports: RunnerPorts, live: LiveRun): () => void {
  const text = `update godwit.guard set leased_until = pg_catalog.clock_timestamp() + interval '30 seconds'
where only_row in (select only_row from godwit.guard where holder = ${quoteLiteral(live.run)} for update skip locked)`;
  let ended = false;
  let cancel: () => void = () => {};
  const renew = async (): Promise<void> => {
    await live.control?.ask(text);
    if (!ended) cancel = ports.timer(renewEveryMs, () => void renew());
  };
  cancel = ports.timer(renewEveryMs, () => void renew());
  return () => {
    ended = true;
    cancel();
  };
}

/**
 * Releases the lease, unless another process of the same run works under it. A lease that is not released expires by
 * the server's clock.
 */
export async function giveBackLease(
  session: Session,
  { run, attempt }: Pick<LiveRun, 'run' | 'attempt'>,
): Promise<void> {
  await session.send(
    `${localCommit};\nupdate godwit.guard set holder = '', held_by = '', leased_until = null where holder = ${quoteLiteral(run)}
  and not exists (select from godwit.epoch where run = ${quoteLiteral(run)} and attempt <> ${quoteLiteral(attempt)})`,
  );
}
