import { beforeAnyChange } from '../../contract/server-fault.ts';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { ok } from '../../../kit/outcome.ts';
import { newerHistory } from '../history/read-history.ts';
import type { History } from '../../contract/history.ts';
import { newestVersion } from '../history/newest-version.ts';
import type { RunAbout, SettledIdentity } from '../../contract/history-rows.ts';
import { compareIdentity, identityOf, livesAs, ownedFix } from './compare-identity.ts';
import { settlementOf } from './settle-identity.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { TaskEnvironment, IdentifyTask } from '../../contract/task.ts';
import { unchangeable } from '../session/server-facts.ts';
import type { RunSession } from '../run/run-session.ts';
import type { Opened } from '../session/open.ts';
import { finishRecorded, performRecorded } from '../run/recorded-run.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';

/**
 * `adopt --identity`: the database that was found becomes the environment's own, as a separate run that records who set
 * the identity, why, what it was before and what it is since. Name and id change in the transaction that writes the
 * run's row; the baseline is bound to this server after it, as in every run.
 */
export async function performIdentify(task: IdentifyTask, ports: RunnerPorts): Promise<Verdict> {
  return await performRecorded(task, ports, (live, opened) => identifyOpened({ task, ports, live }, opened));
}

interface IdentifyOptions {
  readonly task: IdentifyTask;
  readonly ports: RunnerPorts;
  readonly live: RunSession;
}

async function identifyOpened(options: IdentifyOptions, opened: Opened): Promise<Verdict> {
  const { task, ports, live } = options;
  const { facts } = opened;
  const forbidden = [
    ...unchangeable(facts, opened.history),
    ...identityObstacles(facts, opened.history, task.environment),
    ...(task.shown === undefined || isShown(task.shown, identityOf(facts, opened.history)) ? [] : [moved]),
  ];
  if (forbidden.length > 0) return verdictOf(...forbidden);
  const settlement =
    settlementOf(facts, opened.history, task.environment) ??
    (task.moved === true ? movedFrom(facts, opened.history) : undefined);
  if (settlement === undefined) return succeeded('nothing-to-do');
  if (!task.approved) {
    ports.emit({ kind: 'identity.settled', done: false, ...settlement });
    return verdictOf(needsApproval(task));
  }
  live.watch();
  const held = facts.pooled ? await live.takeLease(task, opened.history) : ok(opened.history);
  if (!held.ok) return verdictOf(...held.findings.map(beforeAnyChange));
  live.planFor(held.value);
  if (ports.signal.aborted) return untouched;

  const about: RunAbout = {
    words: ['--identity'],
    reason: task.reason,
    seq: held.value.rows.at(-1)?.seq ?? 0,
    identity: settlement,
  };
  const { run, command, actor, environment, earlier } = task;
  const recorded = { run, command, actor, environment, earlier, about: JSON.stringify(about) };
  const started = await live.begin(recorded, {
    history: held.value,
    planHash: '',
    first: '',
    describes: true,
    settles: settlement,
  });
  if (!started.ok) return ports.signal.aborted ? untouched : verdictOf(...started.findings.map(beforeAnyChange));
  if (started.value.kind === 'moved') return verdictOf(fault('taken-over'));
  return await finishRecorded(live, succeeded(), {
    ...about,
    identity: { ...settlement, after: { ...settlement.after, id: started.value.environmentId } },
  });
}

const untouched = verdictOf(fault('interrupted', { why: 'The identity is unchanged.' }));
const moved = fault('wrong-database', {
  why: 'The database is not the one that the prompt showed.',
  fix: 'Run the command again, and check what it shows.',
});

/** The place to which the baseline is bound, if the same database has moved to another server. */
function movedFrom(facts: Opened['facts'], history: History): SettledIdentity {
  const { systemId, databaseOid } = history.baseline;
  const after = identityOf(facts, history);
  return { before: { ...after, systemId, databaseOid }, after };
}

function isShown(shown: SettledIdentity['after'], found: SettledIdentity['after']): boolean {
  return (['environment', 'id', 'systemId', 'databaseOid'] as const).every((key) => shown[key] === found[key]);
}

/**
 * Why the identity cannot be set: the form of the history is unknown, or the database belongs to another environment.
 */
export function identityObstacles(
  facts: Opened['facts'],
  history: History,
  environment: TaskEnvironment,
): readonly Finding[] {
  if (history.version > newestVersion) return [newerHistory(history.version)];
  const differences = compareIdentity(identityOf(facts, history), environment);
  const other = differences.length === 0 ? undefined : livesAs(facts, history, environment);
  if (other === undefined) return [];
  const why = `The database is that of environment "${other}" itself, or a physical copy of its server (a snapshot, a clone) that cannot be told from it.`;
  const fix = `${ownedFix(other, environment)} How to mark a physical copy: docs/history.md#copies-restores-and-moves.`;
  return [fault('wrong-database', { why, fix })];
}

function needsApproval({ environment: { name } }: IdentifyTask): Finding {
  return fault('needs-approval', {
    why: `${name} is protected: only a person may change its identity.`,
    fix: 'Run it where a person can type the name of the environment.',
  });
}
