import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultKind } from './one-case.ts';
import { harnessName } from './server-session.ts';

/** The sessions of the tool under test. Asked over the case's own session: the shared one may be waiting. */
const theirs = `datname = current_database() and application_name <> '${harnessName}' and backend_type = 'client backend'`;

/** The connection is reset on both sides. */
export const reset: FaultKind = (cut) => cut.reset('one');

/** All connections of the runner are reset. */
export const resetAll: FaultKind = (cut) => cut.reset('all');

/** The runner's process is killed; the kernel closes what it had open. */
export const kill: FaultKind = (cut, { going }) => {
  going.signal('SIGKILL');
  cut.orphan();
};

/** An administrator ends the runner's sessions; the wire itself stays. */
export const terminate: FaultKind = async (_, { database }) => {
  await database.columns(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where ${theirs}`);
};

/** The network swallows everything for a while; then the connections are found to be dead. */
export const silence =
  (ms: number): FaultKind =>
  (cut) =>
    cut.silence(ms);

/** The runner's process stands still until another runner has tried, as on a machine that is being moved. */
export const freeze: FaultKind = async (_, { going, meanwhile }) => {
  going.signal('SIGSTOP');
  await Promise.race([meanwhile, sleep(longestFreezeMs)]);
  going.signal('SIGCONT');
};

/** The same, and its sessions are ended meanwhile: the other runner gets the database, and what wakes up is too late. */
export const freezeAndTerminate: FaultKind = async (cut, scene) => {
  scene.going.signal('SIGSTOP');
  await terminate(cut, scene);
  await scene.meanwhile;
  scene.going.signal('SIGCONT');
};

/** The other runner waits for the lock of a frozen one that nobody has ended: it must wake up some time. */
const longestFreezeMs = 1_000;

/** The server dies at once and recovers from its log: one of its processes is killed, and that ends all the others. */
export const crash: FaultKind = async (_, { database }) => {
  const [pids = []] = await database.columns(`select pid from pg_stat_activity where ${theirs} limit 1`);
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
  // A busy machine notices it late. What is asked next over this session waits until then; the runner does not.
  for (const pid of pids) void database.columns(whileListed(pid)).catch(() => {});
};

const whileListed = (pid: string): string => `do $$ begin
  while exists (select from pg_stat_activity where pid = ${pid}) loop
    perform pg_sleep(0.01), pg_stat_clear_snapshot();
  end loop;
end $$`;
