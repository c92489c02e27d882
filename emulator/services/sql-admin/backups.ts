import { ApiError, notFound } from '../../core/errors.ts';
import { numberOf, textOf, type JsonObject } from '../../core/json.ts';
import type { Call, PlainRoute } from '../../core/service.ts';
import type { World } from '../../core/world.ts';
import { onInstance } from './instances.ts';
import {
  beginOperation,
  instanceNamed,
  newBackupId,
  newBackupName,
  operationView,
  readFields,
  sqlOf,
  type BackupRecord,
  type InstanceRecord,
} from './records.ts';

const runs = '/v1/projects/{project}/instances/{instance}/backupRuns';
const inProject = (permission: string): PlainRoute['needs'] => {
  return ({ params }) => [
    { permission, resource: (params['parent'] ?? params['name'] ?? '').replace(/\/backups.*/, '') },
  ];
};
const dayMs = 24 * 3_600_000;

/** On-demand backups: the older runs, which are kept until they are deleted, and backups that expire. */
export const backupRoutes: readonly PlainRoute[] = [
  {
    verb: 'post',
    path: runs,
    method: 'sql.backupRuns.insert',
    mark: 'documentation',
    needs: onInstance('cloudsql.backupRuns.create'),
    handle({ params, body }, call) {
      const wanted = readFields(body, { description: 'text', location: 'text', instance: 'text', kind: 'text' });
      const instance = instanceNamed(call.world, params['project'] ?? '', params['instance'] ?? '');
      return makeBackup(call, instance, {
        description: textOf(wanted['description']),
        location: textOf(wanted['location']),
        expiryTime: '',
        named: false,
      });
    },
  },
  {
    verb: 'get',
    path: runs,
    method: 'sql.backupRuns.list',
    mark: 'documentation',
    needs: onInstance('cloudsql.backupRuns.list'),
    handle({ params, query }, { world }) {
      const instance = instanceNamed(world, params['project'] ?? '', params['instance'] ?? '');
      // Documentation: newest first.
      const all = present(world).filter((one) => one.instance === instance);
      const items = all.slice(0, Number(query['maxResults'] ?? 20)).map(runView);
      return { kind: 'sql#backupRunsList', ...(items.length === 0 ? {} : { items }) };
    },
  },
  {
    verb: 'get',
    path: `${runs}/{id}`,
    method: 'sql.backupRuns.get',
    mark: 'documentation',
    needs: onInstance('cloudsql.backupRuns.get'),
    handle({ params }, { world }) {
      const instance = instanceNamed(world, params['project'] ?? '', params['instance'] ?? '');
      const found = present(world).find((one) => one.instance === instance && one.id === params['id']);
      if (found === undefined) throw notFound('The requested backup run does not exist.');
      return runView(found);
    },
  },
  {
    verb: 'post',
    path: '/v1/{parent=projects/*}/backups',
    method: 'sql.Backups.CreateBackup',
    mark: 'documentation',
    needs: inProject('cloudsql.backupRuns.create'),
    handle({ params, body }, call) {
      const fields = {
        description: 'text',
        instance: 'text',
        location: 'text',
        ttlDays: 'integer',
        expiryTime: 'text',
      } as const;
      const wanted = readFields(body, fields);
      const project = (params['parent'] ?? '').replace('projects/', '');
      const instance = instanceNamed(
        call.world,
        project,
        textOf(wanted['instance']).replace(/^projects\/[^/]+\/instances\//, ''),
      );
      const expiryTime = expiryOf(call.world, wanted);
      const refused = instance.refusesBackups;
      if (refused === 'all-but-runs' || (refused === 'with-expiry' && expiryTime !== ''))
        throw new ApiError('INVALID_ARGUMENT', 'The incoming request contained invalid data.');
      return makeBackup(call, instance, {
        description: textOf(wanted['description']),
        location: textOf(wanted['location']),
        expiryTime,
        named: true,
      });
    },
  },
  {
    verb: 'get',
    path: '/v1/{parent=projects/*}/backups',
    method: 'sql.Backups.ListBackups',
    mark: 'documentation',
    needs: inProject('cloudsql.backupRuns.list'),
    handle({ params }, { world }) {
      const prefix = `${params['parent'] ?? ''}/`;
      const items = present(world)
        .filter(({ name }) => name.startsWith(prefix))
        .map(backupView);
      return items.length === 0 ? {} : { backups: items };
    },
  },
  {
    verb: 'get',
    path: '/v1/{name=projects/*/backups/*}',
    method: 'sql.Backups.GetBackup',
    mark: 'documentation',
    needs: inProject('cloudsql.backupRuns.get'),
    handle({ params }, { world }) {
      const found = present(world).find(({ name }) => name === params['name']);
      if (found === undefined) throw notFound('The backup does not exist.');
      return backupView(found);
    },
  },
  {
    verb: 'delete',
    path: '/v1/{name=projects/*/backups/*}',
    method: 'sql.Backups.DeleteBackup',
    mark: 'proto',
    needs: inProject('cloudsql.backupRuns.delete'),
    handle({ params }, { world, principal }) {
      const found = present(world).find(({ name }) => name === params['name']);
      if (found === undefined) throw notFound('The backup does not exist.');
      const end = (): undefined => void sqlOf(world).backups.splice(sqlOf(world).backups.indexOf(found), 1);
      const about = { type: 'DELETE_BACKUP', user: principal, ms: found.instance.backupMs, end };
      return operationView(beginOperation(world, found.instance, about));
    },
  },
];

/** Documentation: `ttlDays` or `expiryTime`, at most 365 days from now. */
function expiryOf(world: World, wanted: JsonObject): string {
  const { ttlDays, expiryTime } = wanted;
  if (ttlDays !== undefined && expiryTime !== undefined)
    throw new ApiError(
      'INVALID_ARGUMENT',
      "Invalid value at 'backup' (oneof), oneof field 'expiration' is already set.",
    );
  const now = Date.parse(world.now());
  if (ttlDays === undefined && expiryTime === undefined) return '';
  const at = ttlDays === undefined ? Date.parse(textOf(expiryTime)) : now + numberOf(ttlDays) * dayMs;
  if (Number.isNaN(at) || at <= now || at > now + 365 * dayMs)
    throw new ApiError('INVALID_ARGUMENT', 'The expiration of a backup must lie within 365 days from its creation.');
  return new Date(at).toISOString();
}

function makeBackup(
  { world, principal }: Call,
  instance: InstanceRecord,
  { named, ...wanted }: Pick<BackupRecord, 'description' | 'location' | 'expiryTime'> & { readonly named: boolean },
): JsonObject {
  // Assumed: the text. Documentation: an instance must run.
  if (instance.state !== 'RUNNABLE' && instance.state !== 'ONLINE_MAINTENANCE')
    throw new ApiError(
      'FAILED_PRECONDITION',
      `The incoming request is invalid: the instance is in state ${instance.state}.`,
    );
  const record: BackupRecord = {
    ...wanted,
    location: wanted.location === '' ? 'us' : wanted.location,
    id: newBackupId(world),
    name: newBackupName(instance.project),
    instance,
    type: 'ON_DEMAND',
    startTime: world.now(),
    endTime: '',
    state: 'RUNNING',
  };
  const operation = beginOperation(world, instance, {
    type: 'BACKUP_VOLUME',
    user: principal,
    ms: instance.backupMs,
    backup: { id: record.id, ...(named ? { name: record.name } : {}) },
    end() {
      record.endTime = world.now();
      record.state = instance.backupFault === 'fails' ? 'FAILED' : 'SUCCESSFUL';
      if (instance.backupFault === 'vanishes') sqlOf(world).backups.splice(sqlOf(world).backups.indexOf(record), 1);
      return record.state === 'FAILED'
        ? { code: 'INTERNAL_ERROR', message: 'An internal error happened while the backup was made.' }
        : undefined;
    },
  });
  sqlOf(world).backups.unshift(record);
  return operationView(operation);
}

/** All backups except for expired ones. */
function present(world: World): readonly BackupRecord[] {
  const now = world.now();
  return sqlOf(world).backups.filter(({ expiryTime }) => expiryTime === '' || expiryTime > now);
}

function runView(record: BackupRecord): JsonObject {
  const { id, instance, description, type, location, startTime, endTime, state } = record;
  return {
    kind: 'sql#backupRun',
    id,
    instance: instance.name,
    status: state,
    type,
    description,
    location,
    backupKind: 'SNAPSHOT',
    databaseVersion: instance.databaseVersion,
    enqueuedTime: startTime,
    startTime,
    windowStartTime: startTime,
    ...(endTime === '' ? {} : { endTime }),
  };
}

function backupView(record: BackupRecord): JsonObject {
  const { name, instance, description, type, location, startTime, endTime, state, expiryTime } = record;
  return {
    kind: 'sql#backup',
    name,
    instance: instance.name,
    state,
    type,
    description,
    location,
    backupKind: 'DEFAULT_SNAPSHOT',
    databaseVersion: instance.databaseVersion,
    backupRun: `projects/${instance.project}/instances/${instance.name}/backupRuns/${record.id}`,
    backupInterval: { startTime, ...(endTime === '' ? {} : { endTime }) },
    ...(expiryTime === '' ? {} : { expiryTime }),
  };
}
