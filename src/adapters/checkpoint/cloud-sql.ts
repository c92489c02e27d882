import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Checkpoint, Checkpointer, CheckpointRequest } from '../../migrate/contract/checkpoint.ts';
import type { Google } from '../google/google.ts';
import { makeBackup } from './cloud-sql-backup.ts';
import {
  databaseNames,
  readInstance,
  recoveryWindow,
  sqlInstanceName,
  unfitFor,
  unlessElsewhere,
  type SqlInstance,
  type SqlInstanceName,
} from './cloud-sql-instance.ts';
import { pollUntil, type PollTimeouts } from '../retry.ts';
import { shellWord } from './shell-word.ts';

/** Which Cloud SQL instance to use, and how to wait for it. */
export interface CloudSqlOptions {
  readonly google: Google;
  /** `project:region:name` */
  readonly instance: string;
  /** First pause between two polls, in milliseconds. Default: 1,000. */
  readonly pollMs?: number;
  /** How long each wait may take, in milliseconds. Default: an hour. */
  readonly budgetMs?: number;
}

/**
 * Creates checkpoints of a Cloud SQL instance: a point in time if point-in-time recovery is on and reaches that far,
 * otherwise an on-demand backup that expires.
 */
export function createCloudSqlCheckpointer(options: CloudSqlOptions): Checkpointer {
  const instance = sqlInstanceName(options.instance);
  return {
    async foresee() {
      const found = await readInstance(options.google, instance);
      if (!found.ok) {
        const why = found.findings.map((finding) => finding.why).join(' ');
        return { means: 'backup', text: `a point in time or a backup of Cloud SQL instance ${instance.name} (${why})` };
      }
      const days = recoveryDays(found.value);
      return days === undefined
        ? { means: 'backup', text: `a backup of Cloud SQL instance ${instance.name}` }
        : {
            means: 'point-in-time',
            text: `a point in time of Cloud SQL instance ${instance.name}, whose log reaches back ${days} days`,
          };
    },
    take: (request) => take(options, instance, request),
  };
}

const dayMs = 24 * 3_600_000;

function recoveryDays({ settings }: SqlInstance): number | undefined {
  const { pointInTimeRecoveryEnabled, transactionLogRetentionDays } = settings?.backupConfiguration ?? {};
  return pointInTimeRecoveryEnabled === true ? (transactionLogRetentionDays ?? 7) : undefined;
}

async function take(
  { google, pollMs = 1_000, budgetMs = 3_600_000 }: CloudSqlOptions,
  instance: SqlInstanceName,
  request: CheckpointRequest,
): Promise<Outcome<Checkpoint>> {
  const timeouts = { pollMs, budgetMs, ...(request.signal === undefined ? {} : { signal: request.signal }) };
  const ready = await whenReady(google, instance, { request, timeouts });
  if (!ready.ok) return ready;
  const here = unlessElsewhere(ready.value, instance, request.host);
  if (!here.ok) return here;
  const databases = await databaseNames(google, instance);
  const all =
    databases.length === 0
      ? 'all databases of the instance'
      : `all databases of the instance (${databases.join(', ')})`;
  const marked = await markMoment({ google, instance, found: ready.value }, request, all);
  if (marked !== undefined) return ok(marked);
  const backup = await makeBackup({ google, instance, request, timeouts });
  if (!backup.ok) return backup;
  const { id, name, startTime, expiryTime } = backup.value;
  const command = [
    'gcloud',
    'sql',
    'backups',
    'restore',
    id,
    `--restore-instance=${instance.name}`,
    `--project=${instance.project}`,
  ];
  return ok({
    kind: 'taken',
    means: 'backup',
    id: name,
    restore: command.map(shellWord).join(' '),
    undoes: `every write since to ${all}, in place`,
    takenAt: startTime === '' ? request.before : startTime,
    kept: expiryTime === undefined ? 'until it is deleted' : `until ${expiryTime}`,
  });
}

/** Waits while the instance is under maintenance. */
async function whenReady(
  google: Google,
  instance: SqlInstanceName,
  { request, timeouts }: { readonly request: CheckpointRequest; readonly timeouts: PollTimeouts },
): Promise<Outcome<SqlInstance>> {
  const answer = await pollUntil<Outcome<SqlInstance>>(timeouts, async () => {
    const found = await readInstance(google, instance);
    if (!found.ok) return found;
    const fit = unfitFor(found.value, instance);
    if (!fit.ok) return fit;
    if (fit.value === 'ready') return found;
    request.onProgress(`waiting for Cloud SQL instance ${instance.name}: ${found.value.state ?? ''}`);
    return undefined;
  });
  if (answer !== undefined) return answer;
  if (request.signal?.aborted === true)
    return err(fault('interrupted', { why: 'Cancelled while waiting; nothing was changed.' }));
  return err(fault('checkpoint-failed', { why: `Cloud SQL instance ${instance.name} did not become ready in time.` }));
}

/**
 * A point in time is a checkpoint if the log reaches back to before it. It is the time at which the refused execution
 * ended, by the clock next to the database: this machine's clock does not matter. Where Cloud SQL does not let this
 * account read how far the log reaches back, the configured time counts, and that is said.
 */
async function markMoment(
  place: { readonly google: Google; readonly instance: SqlInstanceName; readonly found: SqlInstance },
  request: CheckpointRequest,
  all: string,
): Promise<Checkpoint | undefined> {
  const { google, instance, found } = place;
  const days = recoveryDays(found);
  if (days === undefined) return undefined;
  const window = await recoveryWindow(google, instance);
  const unchecked = window.denied !== undefined;
  // Without the runner's time, the present is a moment before the first change, too.
  const moment = request.before === '' && unchecked ? new Date().toISOString() : request.before;
  if (moment === '') return undefined;
  if (unchecked)
    request.onProgress(
      `the checkpoint is a point in time: the log of ${instance.name} is configured to reach back ${days} days, which was not checked (${window.denied})`,
    );
  const earliest = unchecked ? Date.now() - days * dayMs : Date.parse(window.earliest ?? '');
  // Until the first backup after recovery was turned on, there is nothing that the log could be applied to.
  if (Number.isNaN(earliest) || earliest >= Date.parse(moment)) {
    request.onProgress(`the log of ${instance.name} does not reach back yet: making a backup`);
    return undefined;
  }
  const copy = `${instance.name}-before-${request.run.slice(-8).toLowerCase()}`;
  const command = [
    'gcloud',
    'sql',
    'instances',
    'clone',
    instance.name,
    copy,
    `--point-in-time=${moment}`,
    `--project=${instance.project}`,
  ];
  return {
    kind: 'taken',
    means: 'point-in-time',
    id: `${instance.project}:${instance.name}@${moment}`,
    restore: command.map(shellWord).join(' '),
    undoes: `nothing on its own: it creates the new instance ${copy}; moving to it gives up every write since to ${all}`,
    takenAt: moment,
    kept: unchecked ? `${days} days as configured (not checked: ${window.denied})` : `${days} days`,
  };
}
