import { createInProcessEngine } from '../../adapters/engines/local/in-process.ts';
import { nodeHashing } from '../../adapters/files/hashing.ts';
import { createConnector } from '../../adapters/postgres/connector.ts';
import { targetText } from '../../migrate/controller/attempt.ts';
import type { LedgerEntry } from '../../migrate/contract/engine.ts';
import type { Bundle } from '../../migrate/contract/ports.ts';
import type { Project } from '../../project/open.ts';
import type { Wired } from '../../project/wire.ts';
import type { Ready } from '../ready.ts';
import { failedAttempts } from './attempts.ts';
import type { Member } from './members.ts';
import { scopedTo } from './scoped-bundle.ts';

/** What all members share. */
export interface Shared {
  /** The project on the environment's own database: its migrations are read and analysed once. */
  readonly ready: Ready;
  /** The entries of the ledger about the environment. */
  readonly known: readonly LedgerEntry[];
}

/** The project on one of many databases: the ordinary operations work on it as on any other. */
export function memberReady({ ready, known }: Shared, member: Member): Ready {
  const { wired } = ready;
  const project = projectOn(ready.project, known, member);
  const bundle = member.schema === undefined ? wired.bundle : scopedTo(member.schema, wired.bundle);
  return { ...ready, project, wired: wiredTo(project, member, { bundle, cwd: ready.opening.cwd }) };
}

function projectOn(project: Project, known: readonly LedgerEntry[], member: Member): Project {
  const { requires: _, ...environment } = project.environment;
  const { address, url, name, schema, isOwn } = member;
  const { pinned, ...rest } = project;
  const isIt = isOwn && schema === undefined;
  return {
    ...rest,
    // Whether the required environment has the migrations was asked once, for all.
    environment: { ...environment, database: { kind: 'server', address, url } },
    // The lock file knows the environment's own database only.
    ...(isOwn && pinned !== undefined ? { pinned } : {}),
    ...(isIt ? {} : { member: name, ledger: failedAttempts(project.ledger, known, name) }),
    ...(schema === undefined ? {} : { schema }),
  };
}

function wiredTo(project: Project, { address, url }: Member, { bundle, cwd }: { bundle: Bundle; cwd: string }): Wired {
  const connector = createConnector(address);
  return {
    bundle,
    analysed: true,
    connecting: Promise.resolve(),
    engine: createInProcessEngine({
      connector,
      hashing: nodeHashing,
      sparing: true,
      commands: { cwd, env: project.env, databaseUrl: url, redactor: project.redactor },
    }),
    target: connector.target,
    reach: { address, url },
    place: targetText(connector.target),
    findings: [],
    close: () => Promise.resolve(),
  };
}
