import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultKind } from './one-case.ts';

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
export const terminate: FaultKind = async (_, { bench, database }) => {
  await bench.admin(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1 and application_name like 'godwit%'`,
    [database.name],
  );
};

/** The network swallows everything for a while; then the connections are found to be dead. */
export const silence =
  (ms: number): FaultKind =>
  (cut) =>
    cut.silence(ms);

/** The runner's process stands still for a while, as under a debugger or on a machine that is being moved. */
export const freeze =
  (ms: number): FaultKind =>
  async (_, { going }) => {
    going.signal('SIGSTOP');
    await sleep(ms);
    going.signal('SIGCONT');
  };
