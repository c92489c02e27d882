import { setImmediate as breathe } from 'node:timers/promises';
import type { Bundle } from '../migrate/contract/ports.ts';

/** Scripts larger than this, in bytes, are analysed only when they are known to be needed. */
const largest = 256 * 1024;

/** How long, in milliseconds, the analysis may delay answers from the network. */
const slice = 2;

/**
 * Analyses scripts while the database is being connected, the newest migrations first, because those are most likely
 * pending. The bundle keeps the analyses, so the plan can use them. Stops when `signal` is aborted.
 *
 * @param bundle its up scripts and their companions are analysed
 * @param signal aborted once the pending migrations are known
 */
export async function lookAhead(bundle: Bundle, signal: AbortSignal): Promise<void> {
  let until = performance.now() + slice;
  for (const migration of bundle.migrations.toReversed()) {
    for (const role of ['up', 'verify', 'down'] as const) {
      if (signal.aborted) return;
      const script = migration[role];
      if (script === undefined || script.size > largest) continue;
      // An analysis that fails here fails again when it is needed, and is reported then.
      await bundle.analysis(migration, role).catch(() => {});
      if (performance.now() < until) continue;
      await breathe();
      until = performance.now() + slice;
    }
  }
}
