import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { CheckpointRequest } from '../../migrate/contract/checkpoint.ts';
import type { GoogleError } from '../google/error.ts';
import { googleFault } from '../google/fault.ts';
import type { Google } from '../google/google.ts';
import { instancePath, resourceOf, type SqlInstanceName, type SqlOperation } from './cloud-sql-instance.ts';
import { isPassing } from '../google/repeatable.ts';
import type { GoogleReply } from '../google/request.ts';
import { pollUntil, type PollTimeouts } from '../retry.ts';

/** A backup that was read back. */
export interface MadeBackup {
  readonly name: string;
  /** The id that `gcloud sql backups restore` takes. */
  readonly id: string;
  /** ISO 8601 UTC. Everything written before this time is in the backup. */
  readonly startTime: string;
  /** When Cloud SQL deletes the backup; absent: never. */
  readonly expiryTime?: string;
}

/** Everything needed to make a backup. */
export interface BackupContext {
  readonly google: Google;
  readonly instance: SqlInstanceName;
  readonly request: CheckpointRequest;
  readonly timeouts: PollTimeouts;
}

/** Days after which Cloud SQL is asked to delete the backup of a run. */
const backupDays = 30;

/** Makes a backup that expires, where the instance allows it, waits for it, and reads it back. */
export async function makeBackup(context: BackupContext): Promise<Outcome<MadeBackup>> {
  const started = await startBackup(context);
  if (!started.ok) return started;
  const ended = await ending(context, started.value);
  if (!ended.ok) return ended;
  return await readBack(context, ended.value);
}

/** The description by which a backup is found again, even after a lost answer. */
const descriptionOf = ({ request }: BackupContext): string => `godwit: before run ${request.run}`;

/** The forms of an on-demand backup, in the order in which they are tried. Instances may refuse the first ones. */
const forms = ['expiring', 'plain', 'run'] as const;

/** How far asking for a backup has come. */
interface BackupAttempt {
  form: (typeof forms)[number];
  /** True: an earlier request may have been accepted. */
  unsure: boolean;
  /** How many looks for what it may have started remain before it is repeated. */
  looks: number;
  /** How many requests in a row may have been accepted. */
  unclear: number;
}

/** An operation becomes visible soon after its request; this many looks must miss it. */
const mostLooks = 3;
const mostUnclear = 10;

/** Waits for other operations first: an instance executes one at a time. */
async function startBackup(context: BackupContext): Promise<Outcome<SqlOperation>> {
  const { instance, request, timeouts } = context;
  request.onProgress(`asking Cloud SQL for a backup of ${instance.name}`);
  const attempt: BackupAttempt = { form: 'expiring', unsure: false, looks: 0, unclear: 0 };
  const started = await pollUntil<Outcome<SqlOperation>>(timeouts, async () => {
    if (attempt.looks > 0) {
      attempt.looks -= 1;
      const own = await ownOperation(context);
      if (own !== undefined || attempt.looks > 0) return own;
    }
    const reply = await requestBackup(context, attempt.form);
    return reply.ok ? ok(reply.value) : await afterRefusal(context, attempt, reply.error);
  });
  return started ?? err(late(context, 'Another operation did not end in time.'));
}

async function requestBackup(context: BackupContext, form: BackupAttempt['form']): Promise<GoogleReply<SqlOperation>> {
  const { google, instance } = context;
  const description = descriptionOf(context);
  const backup = { instance: instance.name, description };
  const expiring = form === 'expiring' ? { ttlDays: String(backupDays) } : {};
  return await google.call<SqlOperation>({
    service: 'sqladmin',
    method: 'POST',
    path: form === 'run' ? `${instancePath(instance)}/backupRuns` : `v1/projects/${instance.project}/backups`,
    body: form === 'run' ? { description } : { ...backup, ...expiring },
  });
}

/** What a refused request means: undefined, to go on; else the end. */
async function afterRefusal(
  context: BackupContext,
  attempt: BackupAttempt,
  error: GoogleError,
): Promise<Outcome<SqlOperation> | undefined> {
  const { instance, request } = context;
  if (error.status === 409) {
    const own = attempt.unsure ? await ownOperation(context) : undefined;
    if (own !== undefined) return own;
    request.onProgress(`waiting for another operation on ${instance.name}: ${await underWay(context)}`);
    return undefined;
  }
  if (isPassing(error)) {
    attempt.unclear += 1;
    if (attempt.unclear > mostUnclear) return refused(context, error);
    // It may have been accepted all the same: the list of operations shows whether it was.
    attempt.unsure = true;
    attempt.looks = mostLooks;
    return undefined;
  }
  const next = nextForm(attempt.form, error);
  if (next === undefined) return refused(context, error);
  attempt.form = next;
  return undefined;
}

/** Instances may not know backups other than runs, or refuse those made on demand to expire. */
function nextForm(form: BackupAttempt['form'], error: GoogleError): BackupAttempt['form'] | undefined {
  if (form === 'run') return undefined;
  if (error.status === 400) return forms[forms.indexOf(form) + 1];
  const unknown = error.status === 501 || (error.status === 404 && !/instance/i.test(error.message));
  return unknown ? 'run' : undefined;
}

async function operations({ google, instance }: BackupContext): Promise<readonly SqlOperation[]> {
  const reply = await google.call<{ readonly items?: readonly SqlOperation[] }>({
    service: 'sqladmin',
    method: 'GET',
    path: `v1/projects/${instance.project}/operations`,
    query: { instance: instance.name, maxResults: '10' },
  });
  return reply.ok ? (reply.value.items ?? []) : [];
}

async function underWay(context: BackupContext): Promise<string> {
  const running = (await operations(context)).find(({ status }) => status !== 'DONE');
  return running === undefined
    ? 'it is about to end'
    : `${running.operationType ?? ''} by ${running.user ?? 'somebody'}`;
}

/** Our own operation whose answer was lost, if it exists: its backup has our description. */
async function ownOperation(context: BackupContext): Promise<Outcome<SqlOperation> | undefined> {
  for (const operation of await operations(context)) {
    const { name, backupId } = operation.backupContext ?? {};
    const backup =
      name !== undefined
        ? await backupNamed(context, name)
        : backupId === undefined
          ? undefined
          : await backupRunOf(context, backupId);
    if (backup?.description === descriptionOf(context)) return ok(operation);
  }
  return undefined;
}

async function ending(context: BackupContext, started: SqlOperation): Promise<Outcome<SqlOperation>> {
  const { google, instance, request, timeouts } = context;
  const since = performance.now();
  const done = await pollUntil<Outcome<SqlOperation>>(timeouts, async () => {
    request.onProgress(`Cloud SQL is backing up ${instance.name}, ${Math.round((performance.now() - since) / 1000)} s`);
    const reply = await google.call<SqlOperation>({
      service: 'sqladmin',
      method: 'GET',
      path: `v1/projects/${instance.project}/operations/${started.name}`,
    });
    if (reply.ok) return reply.value.status === 'DONE' ? ok(reply.value) : undefined;
    return reply.error.lost || reply.error.status >= 500 ? undefined : refused(context, reply.error);
  });
  if (done === undefined) return err(late(context, 'The backup did not end in time.'));
  if (!done.ok) return done;
  const [error] = done.value.error?.errors ?? [];
  if (error === undefined) return done;
  return err(
    fault('checkpoint-failed', { why: `The backup of ${instance.name} failed: ${error.message ?? error.code ?? ''}` }),
  );
}

interface Backup {
  readonly name?: string;
  readonly description?: string;
  readonly state?: string;
  readonly expiryTime?: string;
  readonly backupRun?: string;
  readonly backupInterval?: { readonly startTime?: string };
}

async function backupNamed({ google }: BackupContext, name: string): Promise<Backup | undefined> {
  const reply = await google.call<Backup>({ service: 'sqladmin', method: 'GET', path: `v1/${name}` });
  return reply.ok ? reply.value : undefined;
}

async function backupRunOf({ google, instance }: BackupContext, id: string): Promise<BackupRun | undefined> {
  const path = `${instancePath(instance)}/backupRuns/${id}`;
  const reply = await google.call<BackupRun>({ service: 'sqladmin', method: 'GET', path });
  return reply.ok ? reply.value : undefined;
}

interface BackupRun {
  readonly id?: string;
  readonly description?: string;
  readonly status?: string;
  readonly startTime?: string;
}

/** Reads back the backup that the platform reports as made: only a backup that exists counts. */
async function readBack(context: BackupContext, operation: SqlOperation): Promise<Outcome<MadeBackup>> {
  const { instance } = context;
  const { name, backupId } = operation.backupContext ?? {};
  const backup = name === undefined ? undefined : await backupNamed(context, name);
  if (name !== undefined && backup?.state === 'SUCCESSFUL') {
    const run = /\/backupRuns\/(\d+)$/.exec(backup.backupRun ?? '')?.[1];
    return ok({
      name,
      id: run ?? name,
      startTime: backup.backupInterval?.startTime ?? '',
      ...(backup.expiryTime === undefined ? {} : { expiryTime: backup.expiryTime }),
    });
  }
  if (name === undefined && backupId !== undefined) {
    const made = await backupRunOf(context, backupId);
    if (made?.status === 'SUCCESSFUL')
      return ok({
        name: `${resourceOf(instance)}/backupRuns/${backupId}`,
        id: backupId,
        startTime: made.startTime ?? '',
      });
  }
  const state = backup?.state ?? 'it is not there';
  return err(
    fault('checkpoint-failed', {
      why: `Cloud SQL reported the backup of ${instance.name} as complete, but it reads back as: ${state}.`,
    }),
  );
}

function refused({ instance }: BackupContext, error: GoogleError): Outcome<never> {
  return err(googleFault(error, { doing: 'making a backup of', resource: resourceOf(instance) }));
}

function late({ request, instance }: BackupContext, why: string) {
  if (request.signal?.aborted === true)
    return fault('interrupted', {
      why: `Nothing was changed. A backup of ${instance.name} that has started continues: \`gcloud sql backups list --instance ${instance.name} --project ${instance.project}\` shows it.`,
    });
  return fault('checkpoint-failed', { why: `${why} Instance: ${instance.name}.` });
}
