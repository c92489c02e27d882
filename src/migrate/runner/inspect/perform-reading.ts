import { beforeAnyChange } from '../../contract/server-fault.ts';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { openControl } from '../session/control-connection.ts';
import { reportLocks, type LockReporter } from '../session/report-locks.ts';
import { watchConnections } from '../session/watch-connections.ts';
import { readStatements } from '../history/read-statements.ts';
import { livesAs } from '../identity/compare-identity.ts';
import { settlementOf } from '../identity/settle-identity.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { PlanStep } from '../../contract/model.ts';
import type { InspectTask, PlanTask, Task, VerifyTask } from '../../contract/task.ts';
import { emptied } from '../history/emptied.ts';
import { bundleInEffect } from '../../plan/in-effect.ts';
import { preflight, unfitHistory } from '../session/server-facts.ts';
import { inspect } from './inspect.ts';
import { open, type Opened } from '../session/open.ts';
import { recordedDowns } from '../history/recorded-downs.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';

type ReadingTask = Exclude<Task, { kind: 'apply' | 'exec' | 'accept' | 'identify' | 'prune' }>;

/**
 * Performs a task that changes no object: when its connection is lost, it reads everything once more from the
 * beginning, and what it could not read is not a finding about the database.
 */
export async function performReading(task: ReadingTask, ports: RunnerPorts): Promise<Verdict> {
  const first = await tryReading(task, ports);
  if (!isLost(first) || ports.signal.aborted) return first;
  const second = await tryReading(task, ports);
  if (!isLost(second)) return second;
  const [finding] = second.findings.map(beforeAnyChange);
  if (finding?.code === 'session-timeout') return verdictOf(finding);
  const why = second.findings.map((one) => one.why).join(' ');
  return verdictOf(fault('database-unreachable', { why: `The connection was lost, twice. ${why}` }));
}

function isLost({ findings }: Verdict): boolean {
  return findings.some(({ code }) => code === 'connection-lost');
}

async function tryReading(task: ReadingTask, ports: RunnerPorts): Promise<Verdict> {
  const opened = await open(ports, task);
  if (!opened.ok) return verdictOf(...opened.findings);
  const { session, facts } = opened.value;
  const leave = (): void => {
    session.abandon();
    ports.suspension?.release();
  };
  ports.signal.addEventListener('abort', leave);
  // Needed only when an answer takes long: it connects then.
  const control = openControl(ports, task.run, 'when-asked');
  const locks = reportLocks(ports, session, task.run);
  const watch = watchConnections(ports, control, task.run, () => [{ session, backend: facts.backend }]);
  try {
    if (ports.signal.aborted) leave();
    const bundle = bundleInEffect(ports.bundle, opened.value.history);
    const verdict = await read(task, { ...ports, bundle }, opened.value);
    return ports.signal.aborted
      ? verdictOf(fault('interrupted', { why: 'The command only reads; nothing was changed.' }))
      : explained(verdict, locks);
  } finally {
    locks.end();
    ports.signal.removeEventListener('abort', leave);
    watch.end();
    session.leave();
    await control.close();
  }
}

function explained(verdict: Verdict, locks: LockReporter): Verdict {
  if (!verdict.findings.some(({ code }) => code === 'lock-timeout')) return verdict;
  return verdictOf(...locks.explain(verdict.findings));
}

/** Performs the tasks that change nothing. */
async function read(task: ReadingTask, ports: RunnerPorts, opened: Opened): Promise<Verdict> {
  switch (task.kind) {
    case 'probe':
      return verdictOf(...preflight(opened.facts, opened.history, task.environment));
    case 'inspect': {
      if (task.what === 'identity') return reportIdentity(task, ports, opened);
      const wrong = unfitForReading(task, ports, opened);
      if (wrong.length === 0 && (task.what === 'history' || task.what === 'overview'))
        await warnOfEmptied(task, ports, opened);
      return wrong.length > 0 ? verdictOf(...wrong) : inspect(task, ports, opened);
    }
    case 'cancel': {
      const wrong = unfitHistory(opened.facts, opened.history, task.environment);
      return wrong.length > 0
        ? verdictOf(...wrong)
        : (await import('../run/cancel-run.ts')).cancelRun(task, ports, opened);
    }
    case 'plan':
      return planOnly(task, ports, opened);
    case 'verify':
      return verify(task, ports, opened);
  }
}

const identityFaults = ['wrong-database', 'copied-from-unpinned'];

/**
 * May the task read although the identity has changed? For the database of another environment of the project, every
 * answer would be wrong.
 */
function mayReadAnyhow(
  { anyDatabase, environment }: InspectTask | PlanTask | VerifyTask,
  { facts, history }: Opened,
): boolean {
  return anyDatabase === true && livesAs(facts, history, environment) === undefined;
}

/** Why the database cannot be read. A changed identity is at most a warning. */
function unfitForReading(task: InspectTask | VerifyTask, ports: RunnerPorts, opened: Opened): readonly Finding[] {
  const wrong = unfitHistory(opened.facts, opened.history, task.environment);
  const anyhow = mayReadAnyhow(task, opened);
  const isPassing = ({ code }: Finding): boolean => anyhow && identityFaults.includes(code);
  for (const finding of wrong.filter(isPassing))
    ports.emit({ kind: 'finding', finding: { ...finding, severity: 'warning' } });
  return wrong.filter((finding) => !isPassing(finding));
}

/** For a task that only reads, this is a warning next to the answer. */
async function warnOfEmptied(task: InspectTask | VerifyTask, ports: RunnerPorts, opened: Opened): Promise<void> {
  const gone = await emptied(opened, task.environment);
  if (gone !== undefined) ports.emit({ kind: 'finding', finding: { ...gone, severity: 'warning' } });
}

/** Reports what `adopt --identity` would set; no event: nothing. */
async function reportIdentity(task: InspectTask, ports: RunnerPorts, { facts, history }: Opened): Promise<Verdict> {
  const { identityObstacles } = await import('../identity/perform-identify.ts');
  const wrong = identityObstacles(facts, history, task.environment);
  if (wrong.length > 0) return verdictOf(...wrong);
  const settles = settlementOf(facts, history, task.environment);
  if (settles === undefined) return succeeded('nothing-to-do');
  ports.emit({ kind: 'identity.settled', done: false, ...settles });
  return succeeded();
}

async function planOnly(task: PlanTask, ports: RunnerPorts, opened: Opened): Promise<Verdict> {
  const found = preflight(opened.facts, opened.history, task.environment);
  // Reading does not need the right to change anything; a missing right is reported all the same.
  const rights = new Set([
    'no-privilege',
    'database-read-only',
    ...(mayReadAnyhow(task, opened) ? identityFaults : []),
  ]);
  const forbidden = found.filter((finding) => !rights.has(finding.code));
  if (forbidden.length > 0) return verdictOf(...forbidden);
  for (const finding of found) ports.emit({ kind: 'finding', finding: { ...finding, severity: 'warning' } });
  const gone = task.adopts === undefined ? await emptied(opened, task.environment) : undefined;
  if (gone !== undefined) return verdictOf(gone);
  const { makePlan } = await import('../../plan/make-plan.ts');
  const made = await makePlan(ports.bundle, opened.history, task.selection, {
    hashing: ports.hashing,
    recorded: readStatements(opened.session),
    ahead: task.environment.ahead,
    downs: recordedDowns(opened.session, opened.history.version, ports),
  });
  if (!made.ok) return verdictOf(...made.findings);
  for (const finding of made.value.findings) ports.emit({ kind: 'finding', finding });
  ports.emit({ kind: 'plan', plan: made.value.plan });
  if (task.adopts !== undefined)
    return (await import('../adopt/plan-adopt.ts')).planAdopt(task, ports, opened, made.value.plan.steps);
  await warnOfForeign(task, ports, opened, made.value.plan.steps);
  const { rowsAtRisk } = await import('../rollback/rows-at-risk.ts');
  const options = { environment: task.environment.name, schema: opened.facts.schema };
  for (const finding of await rowsAtRisk(opened.session, made.value, options))
    ports.emit({ kind: 'finding', finding: { ...finding, severity: 'warning' } });
  return made.value.plan.steps.length === 0 ? succeeded('nothing-to-do') : succeeded();
}

/** Another tool's history: `up` may refuse what is only a warning here. */
async function warnOfForeign(
  { environment }: PlanTask,
  ports: RunnerPorts,
  { session, history }: Opened,
  steps: readonly PlanStep[],
): Promise<void> {
  const { foreignFindings } = await import('../adopt/foreign/guard-foreign.ts');
  const { bundle } = ports;
  for (const finding of await foreignFindings(session, { bundle, history, steps, environment: environment.name }))
    ports.emit({ kind: 'finding', finding: { ...finding, severity: 'warning' } });
}

async function verify(task: VerifyTask, ports: RunnerPorts, opened: Opened): Promise<Verdict> {
  const wrong = unfitForReading(task, ports, opened);
  if (wrong.length > 0) return verdictOf(...wrong);
  await warnOfEmptied(task, ports, opened);
  return (await import('../verify/verify-applied.ts')).verifyApplied(task, ports, opened);
}
