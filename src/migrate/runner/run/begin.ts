import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { installHistory } from '../history/install.ts';
import { readHistory } from '../history/read-history.ts';
import type { History } from '../../contract/history.ts';
import type { SettledIdentity } from '../../contract/history-rows.ts';
import { explainRights } from '../history/rights.ts';
import { beginRun, type RecordedTask } from '../history/run-record.ts';
import { isFreshCopy } from '../identity/copied-identity.ts';
import { settlementOf } from '../identity/settle-identity.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { TaskEnvironment } from '../../contract/task.ts';
import { noteState } from '../verify/describe.ts';
import type { AddedColumns, Begun } from './live-run.ts';
import type { LiveRun } from './live-run.ts';

/** What the first writes of a run contain. */
export interface BeginOptions {
  readonly history: History;
  readonly planHash: string;
  /** Id of the first migration; empty: none is executed. */
  readonly first: string;
  /** True: it changes objects, so that what it wrote is described at its end. */
  readonly describes: boolean;
  /** True: its statements may change rows that earlier migrations wrote. */
  readonly touchesRows?: boolean;
  /** Present: the database becomes the environment's own. */
  readonly settles?: SettledIdentity;
  /** Columns that an earlier run has added and not described. */
  readonly added?: AddedColumns;
}

/**
 * The first writes: schema godwit if need be, the run's row, the new epoch. More can be sent before the answer arrives:
 * the epoch is known beforehand, so the run has it already, and messages under it do nothing unless the epoch was
 * raised to it.
 *
 * @returns whether the run is in the database under the expected epoch
 */
export async function writeBeginning(
  task: RecordedTask,
  ports: RunnerPorts,
  live: LiveRun,
  options: BeginOptions,
): Promise<Outcome<Begun>> {
  // A stop may raise the epoch before these are answered.
  const expected = live.epoch;
  const settles = options.settles ?? freshSettlement(live, options.history, task.environment);
  // Sent together: each of these is answered in turn, and fails if the previous one has failed.
  const [installed, fresh, epoch, moved] = await Promise.all([
    installHistory(live.session, options.history.version, task.environment.name),
    options.history.environmentId === '' ? readHistory(live.session, ports.hashing) : ok(options.history),
    beginRun(live.session, task, {
      planHash: options.planHash,
      firstStarted: options.first,
      schema: live.schema,
      attempt: live.attempt,
      ...(settles === undefined ? {} : { settles }),
    }),
    options.describes ? noteState(live, options.history, options.touchesRows === true) : '',
  ]);
  if (!installed.ok) return err(...(await explainRights(live.session, installed.findings)));
  if (!fresh.ok) return err(...(await explainRights(live.session, fresh.findings)));
  if (!epoch.ok) return err(...(await explainRights(live.session, epoch.findings)));
  if (epoch.value.epoch !== expected) return ok({ kind: 'moved' });
  if (moved !== '') ports.emit({ kind: 'finding', finding: fault('baseline-moved', { why: moved }) });
  const { environmentId = fresh.value.environmentId } = epoch.value;
  if (settles !== undefined) reportSettled(ports, settles, environmentId);
  reportBegun(ports, live, environmentId);
  return ok({ kind: 'begun', environmentId });
}

/** If a database is replaced by copies of another one, the first run that changes the copy sets its identity. */
function freshSettlement(live: LiveRun, history: History, environment: TaskEnvironment): SettledIdentity | undefined {
  return isFreshCopy(history, environment) ? settlementOf(live.server, history, environment) : undefined;
}

function reportSettled(ports: RunnerPorts, settles: SettledIdentity, id: string): void {
  ports.emit({ kind: 'identity.settled', done: true, ...settles, after: { ...settles.after, id } });
}

/** From here on the run is recorded in the database. */
export function reportBegun(ports: RunnerPorts, { run, server }: LiveRun, environmentId: string): void {
  ports.emit({ kind: 'identity', environmentId, ...server });
  ports.emit({ kind: 'recorded', run });
}
