import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import { createConnector } from '../../src/adapters/postgres/connector.ts';
import { runnerClock } from '../../src/adapters/runner-clock.ts';
import { readDatabaseUrl } from '../../src/adapters/url/database-url.ts';
import type { RunEvent } from '../../src/migrate/contract/event.ts';
import { perform } from '../../src/migrate/runner/perform.ts';
import type { ApplyTask, VerifyTask } from '../../src/migrate/contract/task.ts';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import type { TestProject } from '../support/project.ts';

/** How a run ended, and all it said. */
export interface Ended {
  readonly exitCode: number;
  readonly events: readonly RunEvent[];
}

/**
 * Applies all migrations of a project (or verifies them) over this address by a clock that goes this many times faster: what waits for half
 * a minute waits for a second or two.
 */
export async function hurriedRun(
  project: TestProject,
  url: string,
  faster: number,
  what: 'apply' | 'verify' = 'apply',
): Promise<Ended> {
  const address = readDatabaseUrl(url, 'url', { user: 'postgres' });
  if (!address.ok) throw new Error('no url');
  const { signal } = new AbortController();
  const clock = runnerClock(signal);
  const events: RunEvent[] = [];
  const exitCode = await perform(what === 'apply' ? task() : verification(), {
    ...clock,
    clock: () => clock.clock() * faster,
    timer: (ms, then) => clock.timer(ms / faster, then),
    sleep: async (ms) => await clock.sleep(ms / faster),
    connector: createConnector(address.value.address, 2_500),
    bundle: await bundleIn(project.folder),
    hashing: nodeHashing,
    emit: (event) => void events.push(event),
    signal,
  });
  return { exitCode, events };
}

function task(): ApplyTask {
  return applyTask({ environment: { name: 'local', protected: false }, waitMs: 60_000, takeOver: false });
}

function verification(): VerifyTask {
  const { run, environment, actor, verification: terms } = task();
  return { kind: 'verify', run, environment, actor, verification: terms };
}
