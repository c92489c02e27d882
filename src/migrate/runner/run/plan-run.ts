import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import type { History } from '../../contract/history.ts';
import { readStatements } from '../history/read-statements.ts';
import { rowsAtRisk } from '../rollback/rows-at-risk.ts';
import { makePlan, type MadePlan } from '../../plan/make-plan.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { ApplyTask } from '../../contract/task.ts';
import { missingConsent } from './consent.ts';
import { differsFromReviewed } from './reviewed-plan.ts';
import { emptied } from '../history/emptied.ts';
import { preflight } from '../session/server-facts.ts';
import type { RunSession } from './run-session.ts';
import { needingSession } from './needs-session.ts';
import type { Opened } from '../session/open.ts';
import { recordedDowns } from '../history/recorded-downs.ts';
import { foreignFindings } from '../adopt/foreign/guard-foreign.ts';
import { squashRefusals } from '../adopt/record-squashed.ts';

/** What will run, with the history for which it was planned. */
interface PlannedRun {
  readonly made: MadePlan;
  readonly history: History;
}

/** What the starts of one run have in common. */
export interface RunProgress {
  /** Hash of the plan that was reported last: an identical new plan is not reported again. */
  plan: string;
  /** The live run from which the database was taken over, until the audit records it. */
  takenFrom?: string | undefined;
  /** True: the run's row exists. */
  started: boolean;
  /** What earlier starts have applied. */
  readonly applied: PreparedStep[];
}

/** What the first part of a run needs. */
export interface PlanContext {
  readonly task: ApplyTask;
  readonly ports: RunnerPorts;
  readonly live: RunSession;
  readonly progress: RunProgress;
}

/**
 * Plans what a run does, and stops before the first change if something prevents it or there is nothing to do. Through
 * a pooler the lease is taken once there is something to do; if the history has moved by then, it plans again.
 */
export async function planRun(
  { task, ports, live, progress }: PlanContext,
  opened: Opened,
): Promise<Outcome<PlannedRun | 'nothing-to-do'>> {
  const { facts, session } = opened;
  let { history } = opened;
  for (;;) {
    const forbidden = preflight(facts, history, task.environment);
    if (forbidden.length > 0) return err(...forbidden);
    const gone = task.how === 'execute' ? await emptied({ session, facts, history }, task.environment) : undefined;
    if (gone !== undefined) return err(gone);
    const made = await makePlan(ports.bundle, history, task.selection, {
      hashing: ports.hashing,
      recorded: readStatements(session),
      ahead: task.environment.ahead,
      downs: recordedDowns(session, history.version, ports),
    });
    if (!made.ok) return made;
    const pooled = live.pooled && task.how === 'execute';
    const differs = await differsFromReviewed(made.value.plan, task, { session, history });
    const consents = differs?.severity === 'error' ? [differs] : missingConsent(made.value.plan, task);
    // A checkpoint is taken once it is known to be the only obstacle.
    const proving = task.how === 'execute' && consents.every(({ code }) => code === 'needs-checkpoint');
    const foreign = await foreignTo(task, { ports, session, history, steps: made.value.plan.steps });
    const refused = [
      ...foreign.filter(({ severity }) => severity === 'error'),
      ...(proving ? await squashRefusals(ports, { session, facts, history }, made.value.plan.steps) : []),
      ...consents,
      ...(pooled ? await needingSession(made.value, ports.bundle) : []),
      ...(await unwantedLosses(made.value, task, session, facts.schema)),
    ];
    const idle = made.value.plan.steps.length === 0;
    if (live.pooled && !live.leased && refused.length === 0 && !idle) {
      const leased = await live.takeLease(task, history);
      if (!leased.ok) return leased;
      const expected = history.version === 0 ? task.environment.name : history.environment;
      const moved = isOther(history, leased.value, expected);
      history = leased.value;
      if (moved) continue;
    }
    if (progress.plan !== made.value.plan.hash) {
      if (facts.pooled) ports.emit({ kind: 'finding', finding: fault('pooled-connection') });
      const warnings = foreign.filter(({ severity }) => severity !== 'error');
      const notes = differs === undefined || differs.severity === 'error' ? [] : [differs];
      for (const finding of [...made.value.findings, ...warnings, ...notes]) ports.emit({ kind: 'finding', finding });
      ports.emit({ kind: 'plan', plan: made.value.plan });
    }
    progress.plan = made.value.plan.hash;
    if (refused.length > 0) return err(...refused);
    live.planFor(history);
    return ok(idle ? 'nothing-to-do' : { made: made.value, history });
  }
}

/** Histories of other tools: they stop a run that executes, and an adoption that does not ask them tells of them. */
async function foreignTo(
  { how, from, ignoreForeign: ignore, environment }: ApplyTask,
  { ports, session, history, steps }: ForeignContext,
): Promise<readonly Finding[]> {
  if (from !== undefined) return [];
  const first = { bundle: ports.bundle, history, steps, environment: environment.name, ignore };
  const found = await foreignFindings(session, first);
  return how === 'execute' ? found : found.map((finding) => ({ ...finding, severity: 'note' }));
}

interface ForeignContext {
  readonly ports: RunnerPorts;
  readonly session: Session;
  readonly history: History;
  readonly steps: MadePlan['plan']['steps'];
}

/** Rows that applying would destroy without permission. */
async function unwantedLosses(
  made: MadePlan,
  { how, consent, environment }: ApplyTask,
  session: Session,
  schema: string,
): Promise<readonly Finding[]> {
  if (how !== 'execute' || consent.destroyRows === true) return [];
  return await rowsAtRisk(session, made, { environment: environment.name, schema });
}

function isOther(planned: History, present: History, environment: string): boolean {
  const state = ({ head, partial }: History): string => JSON.stringify([head, partial]);
  return present.environment !== environment || state(planned) !== state(present);
}
