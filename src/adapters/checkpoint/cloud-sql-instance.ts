import { isIP } from 'node:net';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { googleFault } from '../google/fault.ts';
import type { GoogleReply } from '../google/request.ts';
import type { Google } from '../google/google.ts';

/** A Cloud SQL instance by the parts of its connection name. */
export interface SqlInstanceName {
  readonly project: string;
  readonly name: string;
}

/** Reads `project:region:name`. */
export function sqlInstanceName(connectionName: string): SqlInstanceName {
  const parts = connectionName.split(':');
  // The ids of older, domain-scoped projects contain a colon: example.com:project.
  return { project: parts.slice(0, -2).join(':'), name: parts.at(-1) ?? '' };
}

/** The fields of an instance that godwit reads. */
export interface SqlInstance {
  readonly state?: string;
  readonly ipAddresses?: readonly { readonly ipAddress?: string }[];
  readonly settings?: {
    readonly activationPolicy?: string;
    readonly backupConfiguration?: {
      readonly pointInTimeRecoveryEnabled?: boolean;
      readonly transactionLogRetentionDays?: number;
    };
  };
}

/** An operation of Cloud SQL, which is not a `google.longrunning` operation. */
export interface SqlOperation {
  readonly name: string;
  readonly status?: string;
  readonly operationType?: string;
  readonly user?: string;
  readonly error?: { readonly errors?: readonly { readonly code?: string; readonly message?: string }[] };
  readonly backupContext?: { readonly name?: string; readonly backupId?: string };
}

/** The path of an instance below the API version. */
export function instancePath({ project, name }: SqlInstanceName): string {
  return `v1/projects/${project}/instances/${name}`;
}

export async function readInstance(google: Google, name: SqlInstanceName): Promise<Outcome<SqlInstance>> {
  const reply = await google.call<SqlInstance>({ service: 'sqladmin', method: 'GET', path: instancePath(name) });
  if (reply.ok) return ok(reply.value);
  return err(googleFault(reply.error, { doing: 'reading Cloud SQL instance', resource: resourceOf(name) }));
}

/** The full name of the instance, as findings show it. */
export function resourceOf({ project, name }: SqlInstanceName): string {
  return `projects/${project}/instances/${name}`;
}

/** The names of its databases, as far as they can be listed: they show what else a restore would undo. */
export async function databaseNames(google: Google, name: SqlInstanceName): Promise<readonly string[]> {
  const reply = await google.call<{ readonly items?: readonly { readonly name?: string }[] }>({
    service: 'sqladmin',
    method: 'GET',
    path: `${instancePath(name)}/databases`,
  });
  return reply.ok ? (reply.value.items ?? []).flatMap((one) => (one.name === undefined ? [] : [one.name])) : [];
}

/** How far back an instance can be restored. */
interface RecoveryWindow {
  /** ISO 8601; absent when Cloud SQL does not report it. */
  readonly earliest?: string | undefined;
  /** Why it may not be read. */
  readonly denied?: string;
}

/** Asks how far back the instance can be restored. */
export async function recoveryWindow(google: Google, name: SqlInstanceName): Promise<RecoveryWindow> {
  const reply: GoogleReply<{ readonly earliestRecoveryTime?: string }> = await google.call({
    service: 'sqladmin',
    method: 'GET',
    path: `${instancePath(name)}/getLatestRecoveryTime`,
  });
  if (reply.ok) return { earliest: reply.value.earliestRecoveryTime };
  if (reply.error.status !== 403) return {};
  return {
    denied: googleFault(reply.error, { doing: 'reading the recovery time of', resource: resourceOf(name) }).why,
  };
}

/** Whether a backup of the instance can be made in this state: now, later (`wait`), or never, with the reason. */
export function unfitFor({ state, settings }: SqlInstance, name: SqlInstanceName): Outcome<'ready' | 'wait'> {
  if (settings?.activationPolicy === 'NEVER')
    return err(
      fault('checkpoint-failed', {
        why: `Cloud SQL instance ${name.name} is stopped (activation policy NEVER).`,
        fix: `Start it: \`gcloud sql instances patch ${name.name} --activation-policy ALWAYS --project ${name.project}\`.`,
      }),
    );
  if (state === undefined || state === 'RUNNABLE' || state === 'ONLINE_MAINTENANCE') return ok('ready');
  if (passing.has(state)) return ok('wait');
  return err(fault('checkpoint-failed', { why: `Cloud SQL instance ${name.name} is in state ${state}.` }));
}

/**
 * A checkpoint of a server other than the one being changed would prove nothing. Only IP addresses can be compared: a
 * host name, or a proxy on the same machine, may well lead to the instance.
 */
export function unlessElsewhere(
  { ipAddresses = [] }: SqlInstance,
  name: SqlInstanceName,
  host: string | undefined,
): Outcome<void> {
  const own = ipAddresses.flatMap(({ ipAddress }) => (ipAddress === undefined ? [] : [ipAddress]));
  const comparable = host !== undefined && isIP(host) !== 0 && !/^127\.|^::1$/.test(host) && own.length > 0;
  if (!comparable || own.includes(host)) return ok(undefined);
  return err(
    fault('checkpoint-failed', {
      why: `The run is connected to ${host}, but Cloud SQL instance ${name.name} of ${name.project} has ${own.join(', ')}: a checkpoint of it would be of another server.`,
      fix: 'Correct `instance` in godwit.config, or the address in the secret. Behind a pooler, put the instance’s own address into the secret.',
    }),
  );
}

const passing = new Set(['MAINTENANCE', 'PENDING_CREATE', 'REPAIRING']);
