import { randomBytes, randomUUID } from 'node:crypto';
import { ApiError, notFound } from '../../core/errors.ts';
import { isObject, type Json, type JsonObject } from '../../core/json.ts';
import { perWorld, type World } from '../../core/world.ts';

/** The state of an instance, and what will happen to it. */
export interface InstanceRecord {
  readonly project: string;
  readonly region: string;
  readonly name: string;
  state: InstanceState;
  databaseVersion: string;
  /** `PRIVATE` and `PRIMARY` addresses. */
  ipAddresses: readonly { readonly type: 'PRIVATE' | 'PRIMARY'; readonly ipAddress: string }[];
  pointInTimeRecovery: boolean;
  /** 1 to 7 (35 with the Enterprise Plus edition). */
  transactionLogRetentionDays: number;
  /**
   * From this time on it can be restored to a point in time; empty when no backup has been made since recovery was
   * turned on.
   */
  earliestRecoveryTime: string;
  databases: readonly string[];
  users: readonly string[];
  /** Its CA as PEM text. */
  serverCaCert: string;
  /** Further CAs as PEM texts: of a rotation that has begun or that is not finished. */
  otherServerCas: readonly string[];
  /** How long a backup takes, in milliseconds. */
  backupMs: number;
  /** How the next backups end. */
  backupFault: 'fails' | 'vanishes' | undefined;
  /** Backups on demand that Cloud SQL refuses: those with an expiry, or all that are not backup runs (assumed). */
  refusesBackups?: 'with-expiry' | 'all-but-runs';
  /** The source of its data: `backup NAME`, or `INSTANCE at TIME`; empty when they are its own. */
  restoredFrom: string;
}

type InstanceState =
  | 'RUNNABLE'
  | 'SUSPENDED'
  | 'PENDING_CREATE'
  | 'MAINTENANCE'
  | 'ONLINE_MAINTENANCE'
  | 'FAILED'
  | 'STOPPED';

/** An operation on an instance: one at a time (documentation). */
export interface SqlOperation {
  readonly name: string;
  readonly instance: InstanceRecord;
  readonly type: string;
  readonly user: string;
  readonly insertTime: string;
  endTime: string;
  status: 'PENDING' | 'RUNNING' | 'DONE';
  error: { readonly code: string; readonly message: string } | undefined;
  /** The backup that the operation makes; a backup run has no name (assumed). */
  readonly backup?: { readonly id: string; readonly name?: string };
}

/** A backup; runs and backups are two views of it. */
export interface BackupRecord {
  /** Number as text, unique in its instance. */
  readonly id: string;
  /** `projects/p/backups/…` */
  readonly name: string;
  readonly instance: InstanceRecord;
  readonly description: string;
  readonly type: 'ON_DEMAND' | 'AUTOMATED';
  readonly location: string;
  readonly startTime: string;
  endTime: string;
  state: 'RUNNING' | 'SUCCESSFUL' | 'FAILED';
  /** When it is deleted automatically; backup runs made on demand remain (documentation). */
  readonly expiryTime: string;
}

interface SqlState {
  /** `project/name` */
  readonly instances: Map<string, InstanceRecord>;
  readonly operations: SqlOperation[];
  readonly backups: BackupRecord[];
}

export const sqlOf: (world: World) => SqlState = perWorld(() => ({
  instances: new Map<string, InstanceRecord>(),
  operations: [],
  backups: [],
}));

/** The instance; throws the API's answer when it does not exist. */
export function instanceNamed(world: World, project: string, name: string): InstanceRecord {
  const record = sqlOf(world).instances.get(`${project}/${name}`);
  if (record === undefined) throw notFound('The Cloud SQL instance does not exist.');
  return record;
}

/** Starts an operation; refused while another one is running (documentation). */
export function beginOperation(
  world: World,
  instance: InstanceRecord,
  about: {
    readonly type: string;
    readonly user: string;
    readonly ms: number;
    readonly backup?: SqlOperation['backup'];
    readonly end?: () => SqlOperation['error'];
  },
): SqlOperation {
  if (runningOn(world, instance) !== undefined)
    throw new ApiError(
      'ABORTED',
      'Operation failed because another operation was already in progress. Try your request after the current operation is complete.',
    );
  const operation: SqlOperation = {
    name: randomUUID(),
    instance,
    type: about.type,
    user: about.user.replace(/^\w+:/, ''),
    insertTime: world.now(),
    endTime: '',
    status: 'RUNNING',
    error: undefined,
    ...(about.backup === undefined ? {} : { backup: about.backup }),
  };
  sqlOf(world).operations.unshift(operation);
  const timer = setTimeout(() => {
    operation.error = about.end?.();
    operation.endTime = world.now();
    operation.status = 'DONE';
  }, about.ms);
  world.onStop(() => clearTimeout(timer));
  return operation;
}

function runningOn(world: World, instance: InstanceRecord): SqlOperation | undefined {
  return sqlOf(world).operations.find((one) => one.instance === instance && one.status !== 'DONE');
}

/** An operation in the API's form. */
export function operationView({ instance, backup, error, ...one }: SqlOperation): JsonObject {
  return {
    kind: 'sql#operation',
    name: one.name,
    operationType: one.type,
    status: one.status,
    user: one.user,
    insertTime: one.insertTime,
    startTime: one.insertTime,
    ...(one.endTime === '' ? {} : { endTime: one.endTime }),
    targetId: instance.name,
    targetProject: instance.project,
    targetLink: `https://sqladmin.googleapis.com/v1/projects/${instance.project}/instances/${instance.name}`,
    selfLink: `https://sqladmin.googleapis.com/v1/projects/${instance.project}/operations/${one.name}`,
    ...(backup === undefined
      ? {}
      : {
          backupContext: {
            kind: 'sql#backupContext',
            backupId: backup.id,
            ...(backup.name === undefined ? {} : { name: backup.name }),
          },
        }),
    ...(error === undefined
      ? {}
      : { error: { kind: 'sql#operationErrors', errors: [{ kind: 'sql#operationError', ...error }] } }),
  };
}

/** Refuses a body with unknown names or values of the wrong type (assumed: as in other APIs). */
export function readFields(
  body: JsonObject,
  known: Readonly<Record<string, 'text' | 'integer' | 'object'>>,
): JsonObject {
  for (const [name, value] of Object.entries(body)) {
    const type = known[name];
    if (type === undefined)
      throw new ApiError(
        'INVALID_ARGUMENT',
        `Invalid JSON payload received. Unknown name "${name}": Cannot find field.`,
      );
    const fits = type === 'object' ? isObject(value) : type === 'text' ? typeof value === 'string' : isInteger(value);
    if (!fits) throw new ApiError('INVALID_ARGUMENT', `Invalid value at '${name}' (${type}), ${JSON.stringify(value)}`);
  }
  return body;
}

function isInteger(value: Json | undefined): boolean {
  return Number.isInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value));
}

/** Numbers of backup runs are times in milliseconds (assumed); two in the same millisecond remain distinct. */
export function newBackupId(world: World): string {
  const number = Date.parse(world.now());
  const taken = new Set(sqlOf(world).backups.map(({ id }) => id));
  for (let id = number; ; id += 1) if (!taken.has(String(id))) return String(id);
}

export function newBackupName(project: string): string {
  return `projects/${project}/backups/${randomBytes(16).toString('hex')}`;
}
