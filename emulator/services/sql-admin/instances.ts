import { ApiError, notFound } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { PlainRequest, PlainRoute } from '../../core/service.ts';
import type { Need } from '../../core/need.ts';
import { instanceNamed, operationView, sqlOf, type InstanceRecord } from './records.ts';

/** One permission on the instance that the path names, or on the project when it names none. */
export function onInstance(permission: string): PlainRoute['needs'] {
  return ({ params }: PlainRequest): readonly Need[] => {
    const { project = '', instance } = params;
    const resource = instance === undefined ? `projects/${project}` : `projects/${project}/instances/${instance}`;
    return [{ permission, resource }];
  };
}

const ofInstance = '/v1/projects/{project}/instances/{instance}';

/** Instances, their databases and users, and their recovery window. */
export const instanceRoutes: readonly PlainRoute[] = [
  {
    verb: 'get',
    path: '/v1/projects/{project}/instances',
    method: 'sql.instances.list',
    mark: 'documentation',
    needs: onInstance('cloudsql.instances.list'),
    handle({ params }, { world }) {
      const items = [...sqlOf(world).instances.values()].filter(({ project }) => project === params['project']);
      return { kind: 'sql#instancesList', ...(items.length === 0 ? {} : { items: items.map(instanceView) }) };
    },
  },
  {
    verb: 'get',
    path: ofInstance,
    method: 'sql.instances.get',
    mark: 'documentation',
    needs: onInstance('cloudsql.instances.get'),
    handle: ({ params }, { world }) =>
      instanceView(instanceNamed(world, params['project'] ?? '', params['instance'] ?? '')),
  },
  {
    verb: 'get',
    path: `${ofInstance}/getLatestRecoveryTime`,
    method: 'sql.instances.getLatestRecoveryTime',
    // Documentation: the fields. Assumed: the refusal when recovery is off, and how far the log lags.
    mark: 'assumed',
    needs: onInstance('cloudsql.instances.get'),
    handle({ params }, { world }) {
      const instance = instanceNamed(world, params['project'] ?? '', params['instance'] ?? '');
      if (!instance.pointInTimeRecovery)
        throw new ApiError('FAILED_PRECONDITION', 'Point in time recovery is not enabled for the instance.');
      return {
        kind: 'sql#getLatestRecoveryTime',
        latestRecoveryTime: new Date(Date.parse(world.now()) - 60_000).toISOString(),
        ...(instance.earliestRecoveryTime === '' ? {} : { earliestRecoveryTime: instance.earliestRecoveryTime }),
      };
    },
  },
  {
    verb: 'get',
    path: `${ofInstance}/listServerCas`,
    method: 'sql.instances.listServerCas',
    mark: 'documentation',
    needs: onInstance('cloudsql.instances.listServerCas'),
    handle({ params }, { world }) {
      const instance = instanceNamed(world, params['project'] ?? '', params['instance'] ?? '');
      const certs = [instance.serverCaCert, ...instance.otherServerCas].filter((cert) => cert !== '');
      return { kind: 'sql#instancesListServerCas', certs: certs.map((cert) => sslCert(instance.name, cert)) };
    },
  },
  {
    verb: 'get',
    path: `${ofInstance}/databases`,
    method: 'sql.databases.list',
    mark: 'documentation',
    needs: onInstance('cloudsql.databases.list'),
    handle({ params }, { world }) {
      const { name, project, databases } = instanceNamed(world, params['project'] ?? '', params['instance'] ?? '');
      const items = databases.map((database) => ({
        kind: 'sql#database',
        name: database,
        charset: 'UTF8',
        collation: 'en_US.UTF8',
        instance: name,
        project,
      }));
      return { kind: 'sql#databasesList', items };
    },
  },
  {
    verb: 'get',
    path: `${ofInstance}/users`,
    method: 'sql.users.list',
    mark: 'documentation',
    needs: onInstance('cloudsql.users.list'),
    handle({ params }, { world }) {
      const { name, project, users } = instanceNamed(world, params['project'] ?? '', params['instance'] ?? '');
      const items = users.map((user) => ({ kind: 'sql#user', name: user, host: '', instance: name, project }));
      return { kind: 'sql#usersList', items };
    },
  },
  {
    verb: 'get',
    path: '/v1/projects/{project}/operations',
    method: 'sql.operations.list',
    mark: 'documentation',
    needs: onInstance('cloudsql.instances.get'),
    handle({ params, query }, { world }) {
      const { project = '' } = params;
      const instance = query['instance'];
      // Documentation: newest first.
      const found = sqlOf(world).operations.filter(
        (one) => one.instance.project === project && (instance === undefined || one.instance.name === instance),
      );
      const items = found.slice(0, Number(query['maxResults'] ?? 100)).map(operationView);
      return { kind: 'sql#operationsList', ...(items.length === 0 ? {} : { items }) };
    },
  },
  {
    verb: 'get',
    path: '/v1/projects/{project}/operations/{operation}',
    method: 'sql.operations.get',
    mark: 'documentation',
    needs: onInstance('cloudsql.instances.get'),
    handle({ params }, { world }) {
      const found = sqlOf(world).operations.find((one) => one.name === params['operation']);
      if (found === undefined) throw notFound('The Cloud SQL operation does not exist.');
      return operationView(found);
    },
  },
];

function sslCert(instance: string, cert: string): JsonObject {
  return { kind: 'sql#sslCert', cert, commonName: 'C=US,O=Google\\, Inc', instance };
}

function instanceView(record: InstanceRecord): JsonObject {
  const { project, region, name, state, databaseVersion, ipAddresses, serverCaCert } = record;
  return {
    kind: 'sql#instance',
    name,
    project,
    region,
    connectionName: `${project}:${region}:${name}`,
    // Documentation: an instance that was stopped by its owner is RUNNABLE with the policy NEVER.
    state: state === 'STOPPED' ? 'RUNNABLE' : state,
    databaseVersion,
    backendType: 'SECOND_GEN',
    instanceType: 'CLOUD_SQL_INSTANCE',
    ipAddresses: ipAddresses.map((one) => ({ ...one })),
    ...(serverCaCert === '' ? {} : { serverCaCert: sslCert(name, serverCaCert) }),
    settings: {
      kind: 'sql#settings',
      tier: 'db-custom-1-3840',
      activationPolicy: state === 'STOPPED' ? 'NEVER' : 'ALWAYS',
      backupConfiguration: {
        kind: 'sql#backupConfiguration',
        enabled: true,
        startTime: '03:00',
        pointInTimeRecoveryEnabled: record.pointInTimeRecovery,
        transactionLogRetentionDays: record.transactionLogRetentionDays,
        backupRetentionSettings: { retainedBackups: 7, retentionUnit: 'COUNT' },
      },
      ipConfiguration: { ipv4Enabled: ipAddresses.some(({ type }) => type === 'PRIMARY') },
    },
    selfLink: `https://sqladmin.googleapis.com/v1/projects/${project}/instances/${name}`,
  };
}
