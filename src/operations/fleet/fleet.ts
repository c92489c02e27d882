import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import type { OperationContext } from '../execute.ts';
import type { Ready } from '../ready.ts';
import type { Ui } from '../ui.ts';
import { listBy, roomFor, type ListQuery } from './ask-server.ts';
import type { LaneTerms } from './lanes.ts';
import { memberReady, type Shared } from './member-ready.ts';
import { membersOf, type Member } from './members.ts';
import { eventOfMember, findingOf } from './member-findings.ts';
import type { ListedDatabase } from './read-list.ts';

/** Where the list of databases comes from. */
export type FleetSource = { readonly listed: readonly ListedDatabase[] } | { readonly query: ListQuery };

/** Many databases that share an environment, its migrations and its policies. */
export interface Fleet extends Shared {
  readonly members: readonly Member[];
  /** How many of them may be worked on at once. */
  readonly lanes: Omit<LaneTerms<Member>, 'isOver'>;
  /** Warnings about the list, and about the server's connections. */
  readonly findings: readonly Finding[];
}

/** What happens in one of many databases, as it happens. */
export interface FleetUi {
  onEvent?(member: Member, event: RunEvent): void;
  onFinding?(member: Member, finding: Finding): void;
}

/** How many databases are worked on at once by default. Beyond it, the server and this process gain nothing more. */
const defaultParallel = 8;

/** Lists the databases, and asks their servers how many connections they have for them. */
export async function openFleet(
  ready: Ready,
  source: FleetSource,
  parallel = defaultParallel,
): Promise<Outcome<Fleet>> {
  const { project, wired } = ready;
  const { reach } = wired;
  if (reach === undefined) return err(fault('fleet-remote'));
  const listed = 'query' in source ? await listBy(reach.address, source.query) : ok(source.listed);
  if (!listed.ok) return listed;
  const found = membersOf(listed.value, reach, project);
  if (!found.ok) return found;
  const { members, findings } = found.value;
  const scoped = members.find(({ schema }) => schema !== undefined);
  if (scoped !== undefined && wired.bundle.layout === 'bare')
    return err(
      fault('list-invalid', {
        why: `A standalone script has one name in the history of a database, so it cannot be applied to its schemas one by one, such as ${scoped.name}.`,
        fix: 'Write it as a migration of the folder.',
      }),
    );
  const rooms = await roomsOf(members, ready);
  const narrow = [...rooms].filter(([, room]) => room < Math.min(parallel, members.length));
  return ok({
    ready,
    known: await project.ledger.list(project.environment.name),
    members,
    lanes: {
      parallel,
      server: ({ server }) => server,
      room: (server) => rooms.get(server) ?? parallel,
      place: ({ place }) => place,
    },
    findings: [...findings, ...narrow.map(([server, room]) => narrowed(server, room, parallel))],
  });
}

/** How many members each server has connections for; a server that does not say is not limited. */
async function roomsOf(members: readonly Member[], { wired }: Ready): Promise<ReadonlyMap<string, number>> {
  const { reach } = wired;
  const first = new Map<string, Member['address']>();
  for (const { server, address } of members) if (!first.has(server)) first.set(server, address);
  const own = reach === undefined ? '' : `${reach.address.host}:${reach.address.port}`;
  if (reach !== undefined && first.has(own)) first.set(own, reach.address);
  const asked = await Promise.all(
    [...first].map(async ([server, address]) => [server, await roomFor(address)] as const),
  );
  return new Map(asked.flatMap(([server, room]) => (room === undefined ? [] : [[server, room] as const])));
}

function narrowed(server: string, room: number, parallel: number): Finding {
  return fault('fleet-narrowed', {
    why: `${server} has free connections for ${room} databases at once, not for ${parallel}: a run needs up to two, and some are left to others.`,
  });
}

/** The operation on one of the databases. Nobody is asked there: consent was given for all. */
export function memberOperation(
  { command, signal }: OperationContext,
  fleet: Fleet,
  { member, ui }: { readonly member: Member; readonly ui: FleetUi },
): OperationContext {
  const own: Ui = {
    onEvent: (event) => ui.onEvent?.(member, eventOfMember(member, event)),
    onFinding: (finding) => ui.onFinding?.(member, findingOf(member, finding)),
    onNote: () => {},
  };
  return { ready: memberReady(fleet, member), command, signal, ui: own };
}
