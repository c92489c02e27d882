import { setImmediate as breathe } from 'node:timers/promises';
import type { Bundle } from '../migrate/contract/ports.ts';

/** Scripts larger than this are analysed when it is known that they are needed. */
const largest = 256 * 1024;

/** For how long, in milliseconds, answers from the network may have to wait. */
const slice = 2;

/**
 * Analyses scripts while the database is being reached, the newest migrations first, because those are pending most
 * probably. The bundle keeps what it has analysed, so the plan finds it done. Stops when `signal` is aborted.
 *
 * @param bundle whose up scripts, with their companions, are analysed
 * @param signal aborted when it is known what is pending
 */
export async function lookAhead(bundle: Bundle, signal: AbortSignal): Promise<void> {
  let until = performance.now() + slice;
  for (const migration of bundle.migrations.toReversed()) {
    for (const role of ['up', 'verify', 'down'] as const) {
      if (signal.aborted) return;
      const script = migration[role];
      if (script === undefined || script.size > largest) continue;
      // What fails here fails again where it is needed, and is told there.
      await bundle.analysis(migration, role).catch(() => {});
      if (performance.now() < until) continue;
      await breathe();
      until = performance.now() + slice;
    }
  }
}
