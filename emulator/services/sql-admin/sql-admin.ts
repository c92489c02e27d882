import type { PlainModule, PlainRoute } from '../../core/service.ts';
import type { World } from '../../core/world.ts';
import { backupRoutes } from './backups.ts';
import { restoreRoutes } from './restore.ts';
import { instanceRoutes } from './instances.ts';
import { sqlRefusal } from './refusal.ts';
import { beginOperation, sqlOf, type BackupRecord, type InstanceRecord } from './records.ts';

const routes = [...instanceRoutes, ...backupRoutes, ...restoreRoutes];

/** Documentation: the older version of the API has the same methods and bodies; `gcloud` calls it. */
function inBeta(route: PlainRoute): PlainRoute {
  return { ...route, path: route.path.replace(/^\/v1\//, '/sql/v1beta4/') };
}

/** Cloud SQL Admin (v1): the methods that checkpoints and the doctor use. */
export const sqlAdmin: PlainModule = {
  name: 'sqladmin',
  routes: [...routes, ...routes.map(inBeta)].map((route) => ({ ...route, refusal: sqlRefusal })),
};

/** Fields of a seeded instance; by default it is a private PostgreSQL 18 with point-in-time recovery of 7 days. */
export type SqlInstanceSeed = Partial<Omit<InstanceRecord, 'project' | 'region' | 'name'>>;

/** A seeded instance as a test controls it: its fields may be set at any time. */
export interface SqlInstanceControl {
  readonly instance: InstanceRecord;
  readonly backups: readonly BackupRecord[];
  /** All instances of its project, clones too. */
  readonly instances: readonly InstanceRecord[];
  /** Simulates another operation that takes this long. */
  busy(type: string, ms: number): void;
}

/** Makes an instance by its connection name `project:region:name`. */
export function seedSqlInstance(world: World, connectionName: string, seed: SqlInstanceSeed = {}): SqlInstanceControl {
  const [project = '', region = '', name = ''] = connectionName.split(':');
  const instance: InstanceRecord = {
    state: 'RUNNABLE',
    databaseVersion: 'POSTGRES_18',
    ipAddresses: [{ type: 'PRIVATE', ipAddress: '10.77.4.10' }],
    pointInTimeRecovery: true,
    transactionLogRetentionDays: 7,
    earliestRecoveryTime: new Date(Date.parse(world.now()) - 24 * 3_600_000).toISOString(),
    databases: ['postgres'],
    users: ['postgres'],
    serverCaCert: '',
    otherServerCas: [],
    backupMs: 100,
    backupFault: undefined,
    restoredFrom: '',
    ...seed,
    project,
    region,
    name,
  };
  sqlOf(world).instances.set(`${project}/${name}`, instance);
  return {
    instance,
    get instances() {
      return [...sqlOf(world).instances.values()].filter((one) => one.project === project);
    },
    get backups() {
      return sqlOf(world).backups.filter((one) => one.instance === instance);
    },
    busy: (type, ms) => void beginOperation(world, instance, { type, user: 'user:somebody@example.com', ms }),
  };
}
