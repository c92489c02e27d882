import type { PreparedStep } from '../apply/prepared.ts';
import { readHistory } from '../history/read-history.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { RunSession } from './run-session.ts';
import { asTheyStand } from './prepare.ts';

/** The step that an attempt has partly applied, in its present state; undefined: none. */
export async function partlyAppliedMigration(
  ports: Pick<RunnerPorts, 'hashing'>,
  live: RunSession,
  steps: readonly PreparedStep[],
): Promise<PreparedStep | undefined> {
  let history = await readHistory(live.session, ports.hashing);
  // Without it the description at the end would not know which migration added a column.
  const isLost = !history.ok && history.findings.some(({ code }) => code === 'connection-lost');
  if (isLost && (await live.reconnect()).ok) history = await readHistory(live.session, ports.hashing);
  if (!history.ok) return undefined;
  const standing = asTheyStand(
    steps.filter(({ step }) => step.direction === 'up'),
    history.value,
  );
  return standing.ok ? standing.value.find(({ part }) => part.through > 0) : undefined;
}
