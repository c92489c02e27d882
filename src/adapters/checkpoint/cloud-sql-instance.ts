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
  // Projects of organisations of old have a colon of their own: example.com:project.
  return { project: parts.slice(0, -2).join(':'), name: parts.at(-1) ?? '' };
}

/** What is asked of an instance. */
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

/** An operation of Cloud SQL, which is none of `google.longrunning`. */
export interface SqlOperation {
  readonly name: string;
  readonly status?: string;
  readonly operationType?: string;
  readonly user?: string;
  readonly error?: { readonly errors?: readonly { readonly code?: string; readonly message?: string }[] };
  readonly backupContext?: { readonly name?: string; readonly backupId?: string };
}

/** Path of an instance below the version of the API. */
export function instancePath({ project, name }: SqlInstanceName): string {
  return `v1/projects/${project}/instances/${name}`;
}

/** Asks for the instance. */
export async function readInstance(google: Google, name: SqlInstanceName): Promise<Outcome<SqlInstance>> {
  const reply = await google.call<SqlInstance>({ service: 'sqladmin', method: 'GET', path: instancePath(name) });
  if (reply.ok) return ok(reply.value);
  return err(googleFault(reply.error, { doing: 'reading Cloud SQL instance', resource: resourceOf(name) }));
}

/** Its full name, as findings say it. */
export function resourceOf({ project, name }: SqlInstanceName): string {
  return `projects/${project}/instances/${name}`;
}

/** The names of its databases, as far as they can be had: they say what else a restore would undo. */
export async function databaseNames(google: Google, name: SqlInstanceName): Promise<readonly string[]> {
  const reply = await google.call<{ readonly items?: readonly { readonly name?: string }[] }>({
    service: 'sqladmin',
    method: 'GET',
    path: `${instancePath(name)}/databases`,
  });
  return reply.ok ? (reply.value.items ?? []).flatMap((one) => (one.name === undefined ? [] : [one.name])) : [];
}

/** How far back it can be restored; undefined when that is not told. */
export async function earliestRecovery(google: Google, name: SqlInstanceName): Promise<string | undefined> {
  const reply: GoogleReply<{ readonly earliestRecoveryTime?: string }> = await google.call({
    service: 'sqladmin',
    method: 'GET',
    path: `${instancePath(name)}/getLatestRecoveryTime`,
  });
  return reply.ok ? reply.value.earliestRecoveryTime : undefined;
}

/** Why no backup can be made of it in this state, for good; undefined: it can, or it will pass. */
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
 * A checkpoint of another server than the one that is changed would prove nothing. Only addresses can be compared: a name,
 * or a proxy on the same machine, may well lead to the instance.
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
