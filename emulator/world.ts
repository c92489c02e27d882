import { putSecret } from './services/secret-manager.ts';
import { knownApis, setApi } from './core/enabled.ts';
import { resourcesOf, type ConnectorState } from './core/resources.ts';
import type { World } from './core/world.ts';
import type { Registry } from './registry/registry.ts';
import { seedSqlInstance, type SqlInstanceControl, type SqlInstanceSeed } from './services/sql-admin/sql-admin.ts';
import { addStandIn } from './registry/stand-in.ts';

/**
 * Makes what must exist before a test starts. Once a project is made, jobs in it need accounts and connectors that
 * exist.
 */
export interface Seed {
  /** A project; by default its number is made up. */
  project(id: string, number?: string): void;
  /** A project as it is right after it was made: no API is on, and nothing is in it. */
  emptyProject(id: string): void;
  /** A version of a secret of a project; returns its number. */
  secret(project: string, id: string, value: string): number;
  /** A service account by email. */
  serviceAccount(email: string, settings?: { readonly disabled?: boolean }): void;
  /** A VPC connector by full name; READY by default. */
  connector(name: string, state?: ConnectorState): void;
  /** Turns an API of a project off (or on again): `run.googleapis.com`. */
  api(project: string, api: string, enabled: boolean): void;
  /** A Cloud SQL instance by its connection name `project:region:name`; the returned object controls its faults. */
  sqlInstance(connectionName: string, seed?: SqlInstanceSeed): SqlInstanceControl;
  /**
   * A base image that has only the form of one, in the emulator's registry; returns its full name. By default,
   * `library/node:22-slim`.
   */
  baseImage(name?: string): string;
}

export function createSeed(world: World, registry: Registry | undefined): Seed {
  const resources = resourcesOf(world);
  const project: Seed['project'] = (id, number = String(100_000_000_000 + resources.projects.size + 1)) =>
    void resources.projects.set(id, number);
  return {
    project,
    emptyProject(id) {
      project(id);
      for (const api of knownApis()) setApi(world, id, api, false);
    },
    secret: (project, id, value) => putSecret(world, `projects/${project}/secrets/${id}`, value),
    serviceAccount: (email, { disabled = false } = {}) => void resources.serviceAccounts.set(email, { disabled }),
    connector: (name, state = 'READY') => void resources.connectors.set(name, state),
    api: (project, api, enabled) => setApi(world, project, api, enabled),
    sqlInstance: (connectionName, seed) => seedSqlInstance(world, connectionName, seed),
    baseImage(name = 'library/node:22-slim') {
      if (registry === undefined) throw new Error('this emulator has no registry');
      addStandIn(registry.store, name);
      return `${registry.host}/${name}`;
    },
  };
}
