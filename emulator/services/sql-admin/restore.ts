import { ApiError, invalid, notFound } from '../../core/errors.ts';
import { numberOf, objectOf, textOf, type Json } from '../../core/json.ts';
import type { Call, PlainRequest, PlainRoute } from '../../core/service.ts';
import { onInstance } from './instances.ts';
import { beginOperation, instanceNamed, operationView, readFields, sqlOf, type BackupRecord } from './records.ts';

const ofInstance = '/v1/projects/{project}/instances/{instance}';
const restoringMs = 50;

/** Ways to restore data: a clone as of a point in time, and a backup that replaces an instance's data. */
export const restoreRoutes: readonly PlainRoute[] = [
  {
    verb: 'post',
    path: `${ofInstance}/clone`,
    method: 'sql.instances.clone',
    mark: 'documentation',
    needs: onInstance('cloudsql.instances.clone'),
    handle: clone,
  },
  {
    verb: 'post',
    path: `${ofInstance}/restoreBackup`,
    method: 'sql.instances.restoreBackup',
    mark: 'documentation',
    needs: onInstance('cloudsql.instances.restoreBackup'),
    handle: restoreBackup,
  },
];

/**
 * Documentation: the point in time lies between the earliest that can be restored and now; the copy has no backups yet.
 */
function clone({ params, body }: PlainRequest, { world, principal }: Call): Json {
  const source = instanceNamed(world, params['project'] ?? '', params['instance'] ?? '');
  const context = readFields(objectOf(readFields(body, { cloneContext: 'object' })['cloneContext']), {
    kind: 'text',
    destinationInstanceName: 'text',
    pointInTime: 'text',
  });
  const name = textOf(context['destinationInstanceName']);
  // Documentation: at most 98 characters, including the project and a colon.
  if (!/^[a-z][a-z0-9-]*[a-z0-9]$/.test(name) || `${source.project}:${name}`.length > 98)
    throw invalid('clone_context.destination_instance_name', `Invalid value for: Name ${name}.`);
  if (sqlOf(world).instances.has(`${source.project}/${name}`))
    throw new ApiError('ALREADY_EXISTS', 'The Cloud SQL instance already exists.');
  const time = textOf(context['pointInTime']);
  if (time !== '') checkMoment(time, { ...source, now: world.now() });
  const from = `${source.name} at ${time === '' ? world.now() : new Date(time).toISOString()}`;
  const copy = { ...source, name, earliestRecoveryTime: '', restoredFrom: from };
  sqlOf(world).instances.set(`${source.project}/${name}`, copy);
  return operationView(beginOperation(world, copy, { type: 'CLONE', user: principal, ms: restoringMs }));
}

function checkMoment(
  time: string,
  {
    pointInTimeRecovery,
    earliestRecoveryTime,
    now,
  }: { pointInTimeRecovery: boolean; earliestRecoveryTime: string; now: string },
): void {
  const at = Date.parse(time);
  if (Number.isNaN(at)) throw invalid('clone_context.point_in_time', `Invalid value for the time: ${time}`);
  if (
    !pointInTimeRecovery ||
    earliestRecoveryTime === '' ||
    at < Date.parse(earliestRecoveryTime) ||
    at > Date.parse(now)
  )
    throw new ApiError('FAILED_PRECONDITION', `The instance cannot be restored to ${time}.`);
}

function restoreBackup({ params, body }: PlainRequest, { world, principal }: Call): Json {
  const instance = instanceNamed(world, params['project'] ?? '', params['instance'] ?? '');
  const wanted = readFields(body, { restoreBackupContext: 'object', backup: 'text' });
  const context = readFields(objectOf(wanted['restoreBackupContext']), {
    kind: 'text',
    backupRunId: 'integer',
    instanceId: 'text',
    project: 'text',
  });
  const name = textOf(wanted['backup']);
  const id = String(numberOf(context['backupRunId']));
  const found = sqlOf(world).backups.find((one: BackupRecord) => (name === '' ? one.id === id : one.name === name));
  if (found === undefined || found.state !== 'SUCCESSFUL') throw notFound('The requested backup does not exist.');
  const end = (): undefined => {
    instance.restoredFrom = `backup ${found.name}`;
  };
  return operationView(
    beginOperation(world, instance, { type: 'RESTORE_VOLUME', user: principal, ms: restoringMs, end }),
  );
}
