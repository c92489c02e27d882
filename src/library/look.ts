import { nodeHashing } from '../adapters/files/hashing.ts';
import type { OptionNames } from '../kit/known-options.ts';
import { foreignNotice } from '../migrate/contract/foreign-notice.ts';
import type { HistoryRow } from '../migrate/contract/history-rows.ts';
import type { Check, Plan } from '../migrate/contract/model.ts';
import { compareReported } from '../migrate/plan/reported-statements.ts';
import { execute } from '../operations/execute.ts';
import { asksHistory } from '../operations/look-up.ts';
import { lookPlan } from '../operations/look-plan.ts';
import { selectionOf } from '../operations/selection.ts';
import { inspectTask, ofAnyDatabase, verifyTask } from '../operations/tasks.ts';
import { call, effectsOf, endingOf, projectOptionNames, refusal, type Ending, type ProjectOptions } from './call.ts';

/** What `status` returns. */
export interface Status extends Ending {
  /** What is applied now, in the order of application. */
  readonly applied: readonly HistoryRow[];
  /** Ids that are not applied, in the order of the folder. */
  readonly pending: readonly string[];
}

/** The project, and optionally a standalone script in place of its migrations. */
export interface StatusOptions extends ProjectOptions {
  /** Path of a standalone script in place of the migrations folder. */
  readonly file?: string | undefined;
}

const statusOptions: OptionNames<StatusOptions> = { ...projectOptionNames, file: true };

/**
 * Returns what is applied and what is pending. Changes nothing.
 *
 * @param options the project, see {@link StatusOptions}
 * @returns the state; `exitCode` is 30 if the database cannot be reached
 * @throws GodwitError only with `throwOnFailure`; expected failures are findings
 * @example
 * const { applied, pending } = await status({ cwd: projectFolder });
 * // applied.length: 0, pending: ['1', '2']
 */
export async function status(options: StatusOptions = {}): Promise<Status> {
  const nothing = { applied: [], pending: [] };
  const about = { name: 'status', options, known: statusOptions, nothing };
  return await call<Status>(about, { file: options.file, first: asksHistory }, async ({ operation, findings }) => {
    const { project, actor, wired } = operation.ready;
    const task = ofAnyDatabase(inspectTask(project, actor, { what: 'history' }));
    const execution = await execute(operation, task, { onEvent: (event) => operation.ui.onEvent(event) });
    const history = execution.events.findLast((event) => event.kind === 'history');
    const { name, ahead } = project.environment;
    const notices = (history?.foreign ?? []).map((one) => foreignNotice(one, name));
    const ending = endingOf(execution, [...findings, ...notices]);
    if (history === undefined) return { ...ending, ...nothing };
    const terms = { outOfOrder: false, local: name === 'local', ahead };
    const compared = await compareReported(wired.bundle, history, nodeHashing, terms);
    return {
      ...ending,
      findings: [...ending.findings, ...compared.findings],
      applied: compared.comparison.applied.map(({ row }) => row),
      pending: compared.comparison.pending.map(({ id }) => id),
    };
  });
}

/** What `plan` returns. The plan is absent if something is wrong. */
export interface Planned extends Ending {
  readonly plan?: Plan;
}

/** The project, and which migrations to plan. */
export interface PlanOptions extends StatusOptions {
  /** The last version to apply; with `down`: undo everything after it. Default: all; with `down`: the last one. */
  readonly to?: string | undefined;
  /** Apply pending migrations that are older than the newest applied one. */
  readonly outOfOrder?: boolean | undefined;
  /** Apply again only what an unfinished `down` has undone. */
  readonly resumeUp?: boolean | undefined;
  /** A transaction for `each` migration (default), or one for `all` of them. */
  readonly tx?: 'each' | 'all' | undefined;
  /** True: plan what `down` would undo. */
  readonly down?: boolean | undefined;
}

const planOptions: OptionNames<PlanOptions> = {
  ...statusOptions,
  to: true,
  outOfOrder: true,
  resumeUp: true,
  tx: true,
  down: true,
};

/**
 * Computes what would run now. Changes nothing.
 *
 * @param options the project and which migrations to plan, see {@link PlanOptions}
 * @returns the plan with its hash, or findings that say why there is none (`exitCode` 10)
 * @throws GodwitError only with `throwOnFailure`; expected failures are findings
 * @example
 * const { plan: next } = await plan({ cwd: projectFolder });
 * // next?.steps.map((step) => step.id): ['1', '2']
 */
export async function plan(options: PlanOptions = {}): Promise<Planned> {
  const about = { name: 'plan', options, known: planOptions, nothing: {} };
  return await call<Planned>(
    about,
    { file: options.file, first: () => ({ kind: 'plan' }) },
    async ({ operation, findings }) => {
      const selection = selectionOf(options, options.down === true ? 'down' : 'up');
      if (!selection.ok) return refusal([...findings, ...selection.findings]);
      const made = await lookPlan(operation, selection.value, true);
      if (!made.ok) return refusal([...findings, ...made.findings]);
      const { plan: found, outcome, exitCode } = made.value;
      return { outcome, exitCode, findings: [...findings, ...made.value.findings], plan: found };
    },
  );
}

/** What `verify` found. */
export interface Verified extends Ending {
  readonly checks: readonly Check[];
}

/** The project, and how strictly it is verified. */
export interface VerifyOptions extends StatusOptions {
  /** True: warnings, and objects that could not be compared, fail. */
  readonly strict?: boolean | undefined;
}

const verifyOptions: OptionNames<VerifyOptions> = { ...statusOptions, strict: true };

/**
 * Checks that the database is what the applied migrations state, and finds drift in the server's own definitions.
 *
 * @param options the project; `strict` makes warnings fail
 * @returns every check; `exitCode` is 50 if a check failed
 * @throws GodwitError only with `throwOnFailure`; expected failures are findings
 * @example
 * const { checks } = await verify({ cwd: projectFolder });
 * // checks.every((check) => check.ok): true
 */
export async function verify(options: VerifyOptions = {}): Promise<Verified> {
  const about = { name: 'verify', options, known: verifyOptions, nothing: { checks: [] } };
  return await call<Verified>(
    about,
    { file: options.file, first: () => ({ kind: 'verify' }) },
    async ({ operation, findings }) => {
      const { project, actor } = operation.ready;
      const looking = verifyTask(project, actor, { strict: options.strict ?? false });
      const task = options.strict === true ? looking : ofAnyDatabase(looking);
      const execution = await execute(operation, task, { onEvent: (event) => operation.ui.onEvent(event) });
      return { ...endingOf(execution, findings), checks: effectsOf(execution.events).checks };
    },
  );
}
