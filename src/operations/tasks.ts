import type { LedgerEntry } from '../migrate/contract/engine.ts';
import { isChange } from '../migrate/contract/task.ts';
import type {
  AcceptTask,
  Actor,
  ApplyTask,
  CancelTask,
  Consent,
  EarlierAttempt,
  TaskEnvironment,
  ExecTask,
  IdentifyTask,
  InspectTask,
  OnDisconnect,
  PlanTask,
  PruneTask,
  Selection,
  VerifyTask,
} from '../migrate/contract/task.ts';
import type { Project } from '../project/open.ts';
import { withDefaults } from './selection.ts';

interface TaskContext {
  readonly run: string;
  readonly environment: TaskEnvironment;
  readonly actor: Actor;
}

function termsOf(project: Project, actor: Actor): TaskContext {
  const { environment, pinned, others, schema } = project;
  const { copiedFrom } = environment;
  return {
    run: project.runIds.take(),
    environment: {
      name: environment.name,
      protected: environment.protected,
      ahead: environment.ahead,
      ...(pinned === undefined ? {} : { pinned }),
      ...(others.length === 0 ? {} : { others }),
      ...(copiedFrom === undefined
        ? {}
        : { copiedFrom: others.find(({ name }) => name === copiedFrom) ?? { name: copiedFrom } }),
      ...(schema === undefined ? {} : { schema }),
    },
    actor,
  };
}

/** Asks for the history, the runs, one run, or the audit chains. */
export function inspectTask(
  project: Project,
  actor: Actor,
  request: Pick<InspectTask, 'what' | 'subject' | 'before' | 'limit'>,
): InspectTask {
  return { kind: 'inspect', ...termsOf(project, actor), ...request };
}

/** Asks a run to stop, wherever its runner is. */
export function cancelTask(project: Project, actor: Actor, subject: string): CancelTask {
  return { kind: 'cancel', ...termsOf(project, actor), subject };
}

/** Asks what would run. */
export function planTask(project: Project, actor: Actor, selection: Selection): PlanTask {
  return { kind: 'plan', ...termsOf(project, actor), selection };
}

/** Asks whether the database is what the applied migrations state. */
export function verifyTask(project: Project, actor: Actor, request: { readonly strict: boolean }): VerifyTask {
  const { triggers, ignore } = project.environment;
  return {
    kind: 'verify',
    ...termsOf(project, actor),
    verification: { enabled: true, strict: request.strict, triggers, ...(ignore.length === 0 ? {} : { ignore }) },
  };
}

/** The same task, but only warning if the database is not the pinned one: that may be what the user wants to see. */
export function ofAnyDatabase<Looking extends InspectTask | PlanTask | VerifyTask>(task: Looking): Looking {
  return { ...task, anyDatabase: true };
}

/** Why a database becomes the environment's own, what was shown, and whether a person typed the environment's name. */
export type IdentifyRequest = Pick<IdentifyTask, 'reason' | 'approved' | 'shown' | 'waitMs'>;

/** The common part of tasks without statements: the actor, the approval, the earlier attempts. */
async function recordedOptions(project: Project, actor: Actor, { approved }: { readonly approved: boolean }) {
  return {
    ...termsOf(project, actor),
    approved: !project.environment.protected || approved,
    earlier: await attemptsBefore(project),
    ...(project.remote === undefined ? {} : { tells: true }),
  };
}

/** Asks to make the database the environment's own. */
export async function identifyTask(project: Project, actor: Actor, request: IdentifyRequest): Promise<IdentifyTask> {
  return {
    kind: 'identify',
    command: 'adopt',
    ...request,
    ...(await recordedOptions(project, actor, request)),
  };
}

/** The differences to accept into the baseline, the reason, and whether a person typed the environment's name. */
export type AcceptRequest = Pick<AcceptTask, 'objects' | 'reason' | 'approved'>;

/** Asks to accept differences into the baseline. */
export async function acceptTask(project: Project, actor: Actor, request: AcceptRequest): Promise<AcceptTask> {
  return {
    kind: 'accept',
    command: 'accept',
    ...request,
    ...(await recordedOptions(project, actor, request)),
    waitMs: defaultWaitMs,
  };
}

/** Asks to remove the audit of old runs. */
export async function pruneTask(
  project: Project,
  actor: Actor,
  request: Pick<PruneTask, 'before' | 'approved'>,
): Promise<PruneTask> {
  return {
    kind: 'prune',
    command: 'prune',
    ...request,
    ...(await recordedOptions(project, actor, request)),
    waitMs: defaultWaitMs,
  };
}

/** The options of a change of the database; the rest comes from the environment's policies. */
export interface ApplyRequest {
  readonly command: string;
  readonly selection: Selection;
  readonly how?: ApplyTask['how'];
  /** Of an adoption: the tool, or its table, that says what is applied. */
  readonly from?: string | undefined;
  /** The tool whose history belongs to other migrations. */
  readonly ignoreForeign?: string | undefined;
  /** Hash of a plan that was reviewed or confirmed. */
  readonly planHash?: string;
  /** A person typed the name of the protected environment. */
  readonly nameTyped?: boolean;
  /** True: rows may be destroyed. A reviewed plan permits it too; a plan that was only confirmed does not. */
  readonly destroyRows?: boolean;
  /** Why the checkpoint is waived. */
  readonly waived?: string;
  readonly lose?: number;
  readonly verify?: boolean;
  readonly strict?: boolean;
  /** In milliseconds. */
  readonly waitMs?: number;
  /** True: a live run that holds the database is ended. */
  readonly takeOver?: boolean;
  /** What happens to a running statement when the runner disconnects. Default: `cancel`. */
  readonly onDisconnect?: OnDisconnect;
  /** In milliseconds. Default: that of the environment. */
  readonly lockBudgetMs?: number;
}

/** How long a run waits for another one by default, in milliseconds. */
export const defaultWaitMs = 60_000;

/** Asks for a change: apply, undo or adopt. */
export async function applyTask(project: Project, actor: Actor, request: ApplyRequest): Promise<ApplyTask> {
  const { environment } = project;
  return {
    kind: 'apply',
    ...termsOf(project, actor),
    command: request.command,
    selection:
      (request.how ?? 'execute') === 'execute' ? withDefaults(request.selection, environment) : request.selection,
    how: request.how ?? 'execute',
    ...(request.from === undefined ? {} : { from: request.from }),
    ...(request.ignoreForeign === undefined ? {} : { ignoreForeign: request.ignoreForeign }),
    consent: consentOf(project, actor, request),
    lose: request.lose ?? 0,
    verification: { enabled: request.verify ?? true, strict: request.strict ?? false, triggers: environment.triggers },
    waitMs: request.waitMs ?? defaultWaitMs,
    locks: { ...environment.locks, budgetMs: request.lockBudgetMs ?? environment.locks.budgetMs },
    takeOver: request.takeOver ?? false,
    onDisconnect: request.onDisconnect ?? 'cancel',
    earlier: await attemptsBefore(project),
    ...(project.remote === undefined ? {} : { tells: true }),
  };
}

function consentOf({ environment }: Project, actor: Actor, request: ApplyRequest): Consent {
  return {
    approved: !environment.protected || request.nameTyped === true,
    checkpointPolicy: environment.checkpoint,
    destroyRows: request.destroyRows ?? (request.planHash !== undefined && request.nameTyped !== true),
    ...(request.planHash === undefined ? {} : { planHash: request.planHash }),
    ...(request.waived === undefined
      ? {}
      : { checkpoint: { kind: 'waived' as const, by: actor.by, reason: request.waived } }),
  };
}

/** The earlier attempts on this database: those on other databases of the environment are not its own. */
async function attemptsBefore({ ledger, environment, member }: Project): Promise<readonly EarlierAttempt[]> {
  return earlierAttempts((await ledger.list(environment.name)).filter((entry) => entry.member === member));
}

const mostAttempts = 50;

/** Unsuccessful attempts since the last one recorded in the database; the next run records them in the history. */
export function earlierAttempts(entries: readonly LedgerEntry[]): readonly EarlierAttempt[] {
  const changing = entries.filter(({ kind }) => isChange(kind ?? 'apply'));
  const last = changing.findIndex((entry) => entry.recorded);
  const since = (last === -1 ? changing : changing.slice(0, last)).filter((entry) => entry.exitCode !== 0);
  return since
    .slice(0, mostAttempts)
    .map(({ run, command, startedAt, by, outcome, failure, exitCode, finishedAt }) => ({
      run,
      command,
      startedAt,
      by,
      // `unreachable` is how the command ended; in the history, `never-connected` better describes the run.
      outcome: outcome === 'unreachable' ? 'never-connected' : (outcome ?? 'interrupted'),
      failure: failure ?? 'The run did not end.',
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(finishedAt === undefined ? {} : { finishedAt }),
    }));
}

/** The options of the execution of a command. */
export type ExecRequest = Pick<ExecTask, 'words'> &
  Partial<Pick<ExecTask, 'alone' | 'waitMs' | 'takeOver' | 'timeoutMs' | 'hook'>> & {
    /** A person typed the name of the protected environment, or the configuration names the command. */
    readonly approved?: boolean;
  };

/** A platform kills a program ten seconds after asking it to stop; the rest of that time is for recording the end. */
const graceMs = 7_000;

/** Asks to execute a command next to the database. */
export async function execTask(project: Project, actor: Actor, request: ExecRequest): Promise<ExecTask> {
  const { approved, ...rest } = request;
  return {
    kind: 'exec',
    command: 'exec',
    ...termsOf(project, actor),
    alone: true,
    waitMs: defaultWaitMs,
    graceMs,
    ...rest,
    approved: !project.environment.protected || approved === true,
    ...(project.remote === undefined ? {} : { tells: true }),
    earlier: await attemptsBefore(project),
  };
}
