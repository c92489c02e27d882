import {
  either,
  isFlag,
  isNumber,
  isText,
  listOf,
  oneOf,
  optional,
  recordOf,
  type FieldGuards,
  type Guard,
} from '../../kit/guards.ts';
import type { Checkpoint, CheckpointWaiver } from './checkpoint.ts';
import type { RecordedIdentity } from './history-rows.ts';
import type { LockPolicy } from './lock-policy.ts';
import type {
  Actor,
  Consent,
  EarlierAttempt,
  TaskEnvironment,
  ExecTask,
  OtherEnvironment,
  PinnedIdentity,
  Selection,
  Task,
  VerificationOptions,
} from './task.ts';

/**
 * The task in a value that came from another process; undefined when it is none. What a runner is asked to do is checked
 * once, where it arrives: from there on its type holds.
 */
export function readTask(value: unknown): Task | undefined {
  const kind = (value as { readonly kind?: unknown } | null | undefined)?.kind;
  const guard = typeof kind === 'string' && Object.hasOwn(tasks, kind) ? tasks[kind as Task['kind']] : undefined;
  return guard !== undefined && guard(value) ? value : undefined;
}

const isPin = recordOf<PinnedIdentity>({ id: isText, systemId: isText, databaseOid: optional(isText) });

const isOther = recordOf<OtherEnvironment>({ name: isText, pinned: optional(isPin) });

const isEnvironment = recordOf<TaskEnvironment>({
  name: isText,
  protected: isFlag,
  ahead: optional(oneOf('warn', 'refuse')),
  pinned: optional(isPin),
  others: optional(listOf(isOther)),
  copiedFrom: optional(isOther),
  schema: optional(isText),
});

const isActor = recordOf<Actor>({ by: isText, from: isText, commit: isText, tool: isText });

const isSelection = recordOf<Selection>({
  direction: oneOf('up', 'down'),
  to: optional(isText),
  only: optional(listOf(isText)),
  outOfOrder: isFlag,
  resumeUp: optional(oneOf(true)),
  tx: optional(oneOf('each', 'all')),
});

const isCheckpoint = recordOf<Checkpoint>({
  kind: oneOf('taken'),
  means: oneOf('copy', 'dump', 'point-in-time', 'backup'),
  id: isText,
  restore: isText,
  undoes: isText,
  takenAt: isText,
  kept: isText,
  bytes: optional(isNumber),
  sha256: optional(isText),
});

const isWaiver = recordOf<CheckpointWaiver>({ kind: oneOf('waived'), by: isText, reason: isText });

const isConsent = recordOf<Consent>({
  planHash: optional(isText),
  approved: isFlag,
  destroyRows: optional(isFlag),
  checkpointPolicy: oneOf('never', 'destructive', 'always'),
  checkpoint: optional(either(isCheckpoint, isWaiver)),
});

const isEarlier = recordOf<EarlierAttempt>({
  run: isText,
  command: isText,
  startedAt: isText,
  by: isText,
  outcome: isText,
  failure: isText,
  exitCode: optional(isNumber),
  finishedAt: optional(isText),
});

const isVerification = recordOf<VerificationOptions>({
  enabled: isFlag,
  strict: isFlag,
  triggers: oneOf('fire', 'inspect'),
  ignore: optional(listOf(isText)),
});

const isLocks = recordOf<LockPolicy>({
  budgetMs: isNumber,
  concurrentMs: isNumber,
  waiters: isNumber,
  firstMs: optional(isNumber),
});

const isIdentity = recordOf<RecordedIdentity>({
  environment: isText,
  id: isText,
  systemId: isText,
  databaseOid: isText,
});

const common = { run: isText, environment: isEnvironment, actor: isActor };
const looking = { ...common, anyDatabase: optional(isFlag) };
const changing = { ...common, earlier: listOf(isEarlier), tells: optional(isFlag), waitMs: isNumber };

type TaskOf<Kind extends Task['kind']> = Extract<Task, { readonly kind: Kind }>;

function taskOf<Kind extends Task['kind']>(kind: Kind, fields: Omit<FieldGuards<TaskOf<Kind>>, 'kind'>): Guard<Task> {
  return recordOf({ kind: oneOf(kind), ...fields } as unknown as FieldGuards<Task>);
}

const tasks: Readonly<Record<Task['kind'], Guard<Task>>> = {
  probe: taskOf('probe', common),
  inspect: taskOf('inspect', {
    ...looking,
    what: oneOf('history', 'runs', 'run', 'chain', 'overview', 'identity', 'prunable'),
    subject: optional(isText),
    before: optional(isText),
    limit: optional(isNumber),
  }),
  cancel: taskOf('cancel', { ...common, subject: isText }),
  plan: taskOf('plan', {
    ...looking,
    selection: isSelection,
    adopts: optional(oneOf('adopt', 'baseline')),
    from: optional(isText),
  }),
  apply: taskOf('apply', {
    ...changing,
    command: isText,
    selection: isSelection,
    how: oneOf('execute', 'adopt', 'baseline'),
    from: optional(isText),
    ignoreForeign: optional(isText),
    describesEach: optional(isFlag),
    consent: isConsent,
    lose: isNumber,
    verification: isVerification,
    takeOver: optional(isFlag),
    onDisconnect: oneOf('cancel', 'finish'),
    locks: optional(isLocks),
  }),
  verify: taskOf('verify', { ...looking, verification: isVerification, only: optional(listOf(isText)) }),
  accept: taskOf('accept', {
    ...changing,
    command: oneOf('accept'),
    objects: listOf(isText),
    reason: isText,
    approved: isFlag,
  }),
  identify: taskOf('identify', {
    ...changing,
    command: oneOf('adopt'),
    reason: isText,
    approved: isFlag,
    moved: optional(isFlag),
    shown: optional(isIdentity),
  }),
  prune: taskOf('prune', { ...changing, command: oneOf('prune'), before: isText, approved: isFlag }),
  exec: taskOf('exec', {
    ...changing,
    command: oneOf('exec'),
    words: listOf(isText),
    alone: isFlag,
    takeOver: optional(isFlag),
    timeoutMs: optional(isNumber),
    graceMs: isNumber,
    approved: isFlag,
    hook: optional(recordOf<NonNullable<ExecTask['hook']>>({ name: isText, follows: isText, unlessPassed: isFlag })),
  }),
};
