import { quoteLiteral } from '../../../sql/quote.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { WatchedConnection } from './backend.ts';
import type { Control } from './control-connection.ts';
import { pause } from './deadline.ts';

/** A commit that a standby confirms normally ends long before this. */
const lookEveryMs = 1_000;
const firstReportMs = 2_000;
const cancelEveryMs = 500;
const silentAfterMs = 4_000;
const rarestReportMs = 30_000;

/**
 * From-clause for the run's processes that have committed and wait for a synchronous standby, as `a`: by their pids, or
 * through a pooler by the name that each message sets.
 */
function waitingForStandby(run: string, watched: readonly WatchedConnection[]): string {
  const backends = watched.flatMap(({ backend }) =>
    backend === undefined || !/^\d+(\.\d+)?$/.test(backend.start) ? [] : [`(${backend.pid}, ${backend.start})`],
  );
  const byPid =
    backends.length === 0 ? '' : ` or (a.pid, extract(epoch from a.backend_start)) in (${backends.join(', ')})`;
  return `from pg_catalog.pg_stat_activity a where a.wait_event = 'SyncRep' and a.datname = pg_catalog.current_database()
  and (a.application_name = ${quoteLiteral(`godwit ${run}`)}${byPid})`;
}

/** Says whether a session has been waiting for the same answer since the last call. */
function createStuck(watched: () => readonly WatchedConnection[]): () => boolean {
  let before = new Map<unknown, number>();
  return () => {
    const now = watched().filter(({ session }) => session.waiting > 0);
    const stuck = now.some(({ session }) => before.get(session) === session.answered);
    before = new Map(now.map(({ session }) => [session, session.answered]));
    return stuck;
  };
}

/**
 * Reports that a commit waits for a synchronous standby: the server does not report that, and no lock shows it.
 *
 * @returns a function that ends it
 */
export function reportStandbyWaits(
  ports: RunnerPorts,
  control: Control,
  run: string,
  watched: () => readonly WatchedConnection[],
): () => void {
  const stuck = createStuck(watched);
  let cancel: () => void = () => {};
  let ended = false;
  let since: number | undefined;
  let next = 0;
  let every = firstReportMs;
  const check = async (): Promise<void> => {
    const asked = ports.clock();
    if (!stuck()) return void (since = undefined);
    const answer = await control.ask(`select pg_catalog.current_setting('synchronous_standby_names'),
  (select pg_catalog.string_agg(application_name, ', ' order by application_name) from pg_catalog.pg_stat_replication)
${waitingForStandby(run, watched())} limit 1`);
    const row = answer.ok ? answer.value[0]?.rows[0] : undefined;
    if (ended || row === undefined) return void (since = undefined);
    // The wait began before the first query.
    if (since === undefined) [since, next, every] = [asked - lookEveryMs, 0, firstReportMs];
    if (ports.clock() < next) return;
    next = ports.clock() + every;
    every = Math.min(every * 1.5, rarestReportMs);
    const [standbys, connected] = row;
    const waitedMs = Math.round(ports.clock() - since);
    ports.emit({ kind: 'standby.wait', waitedMs, standbys: standbys ?? '', connected: connected ?? '' });
  };
  const beat = async (): Promise<void> => {
    await check();
    if (!ended) cancel = ports.timer(lookEveryMs, () => void beat());
  };
  cancel = ports.timer(lookEveryMs, () => void beat());
  return () => {
    ended = true;
    cancel();
  };
}

/**
 * Stopping a run does not wait for a standby either: the commit is durable locally, and the server warns that no
 * standby has confirmed it. Nothing else is cancelled. Without a second connection the wait cannot be observed: then
 * whatever is not answered is cancelled.
 *
 * @returns a function that ends it
 */
export function endStandbyWaits(
  ports: RunnerPorts,
  control: Control,
  run: string,
  watched: () => readonly WatchedConnection[],
): () => void {
  const stuck = createStuck(watched);
  let ended = false;
  const going = async (): Promise<void> => {
    for (let silent = 0; ;) {
      await pause(ports, cancelEveryMs);
      if (ended) return;
      if (!stuck()) {
        silent = 0;
        continue;
      }
      const asked = await control.ask(
        `select pg_catalog.pg_cancel_backend(a.pid) ${waitingForStandby(run, watched())}`,
      );
      silent = asked.ok ? 0 : silent + 1;
      if (silent * cancelEveryMs >= silentAfterMs) await Promise.all(watched().map(({ session }) => session.cancel()));
    }
  };
  void going();
  return () => {
    ended = true;
  };
}

/** Both for a run without another watcher: its waits are reported, and ended when it is to stop. */
export function watchStandbyWaits(
  ports: RunnerPorts,
  control: Control,
  run: string,
  watched: () => readonly WatchedConnection[],
): { end(): void } {
  const endReports = reportStandbyWaits(ports, control, run, watched);
  let endEnding: () => void = () => {};
  const hurry = (): void => {
    endEnding = endStandbyWaits(ports, control, run, watched);
  };
  if (ports.signal.aborted) hurry();
  ports.signal.addEventListener('abort', hurry);
  return {
    end() {
      ports.signal.removeEventListener('abort', hurry);
      endReports();
      endEnding();
    },
  };
}
