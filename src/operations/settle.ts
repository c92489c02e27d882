import { setTimeout as sleep } from 'node:timers/promises';
import type { Project } from '../project/open.ts';
import type { Wired } from '../project/wire.ts';

const settled = new WeakSet<Wired>();
/** How long, in milliseconds, the user waits at most for the cleanup after other controllers. */
const settlingMs = 2_000;

/** Cleans up after controllers that died, once for each command: their ends are written, their jobs removed. */
export async function settleLeftovers(project: Project, wired: Wired): Promise<void> {
  if (project.remote === undefined || settled.has(wired)) return;
  settled.add(wired);
  const { reconcileLeftovers } = await import('./reconcile.ts');
  // A failed cleanup is not an error: the next command repeats it.
  await reconcileLeftovers(project, wired.engine).catch(() => []);
}

/** Waits for the cleanup, but not long: the next command repeats what is left. */
export async function waitBriefly(settling: Promise<void>): Promise<void> {
  await Promise.race([settling, sleep(settlingMs, undefined, { ref: false })]);
}
