import { perWorld, type World } from './world.ts';

/** The state of a connector, as far as jobs care. */
export type ConnectorState = 'READY' | 'CREATING' | 'DELETING' | 'ERROR' | 'UPDATING';

/** What exists in addition to the services' own records. Nothing is checked in a project that was not made here. */
export interface Resources {
  /** Id -> number. */
  readonly projects: Map<string, string>;
  /** Emails. */
  readonly serviceAccounts: Map<string, { readonly disabled: boolean }>;
  /** `projects/p/locations/r/connectors/c` -> state. */
  readonly connectors: Map<string, ConnectorState>;
  /** `projects/p/regions/r/subnetworks/s` -> the network's name. */
  readonly subnetworks: Map<string, string>;
}

export const resourcesOf: (world: World) => Resources = perWorld(() => ({
  projects: new Map<string, string>(),
  serviceAccounts: new Map(),
  connectors: new Map<string, ConnectorState>(),
  subnetworks: new Map<string, string>(),
}));

/** True for a project that was made here, with everything in it. */
export function isKnownProject(world: World, project: string): boolean {
  return resourcesOf(world).projects.has(project);
}

/** The number of a project; derived from its id if the project was not made here. */
export function projectNumber(world: World, project: string): string {
  const known = resourcesOf(world).projects.get(project);
  if (known !== undefined) return known;
  let sum = 0;
  for (const letter of project) sum = (sum * 31 + letter.charCodeAt(0)) % 900_000_000_000;
  return String(100_000_000_000 + sum);
}

/** The id of a project, given its id or number. */
export function projectId(world: World, given: string): string {
  for (const [id, number] of resourcesOf(world).projects) if (number === given) return id;
  return given;
}
