import { setTimeout as sleep } from 'node:timers/promises';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { change, checkReviewed, type ChangeRequest } from '../change.ts';
import { checkPromotion } from '../check-promotion.ts';
import type { OperationContext } from '../execute.ts';
import { memberOperation, type Fleet, type FleetUi } from './fleet.ts';
import { inLanes } from './lanes.ts';
import { endOf, fleetEnd, isStopped, type FleetEnd, type MemberEnd } from './member-end.ts';
import type { Member } from './members.ts';
import { planFleet, stepKey, type FleetPlan, type PlanGroup } from './plan-fleet.ts';

/** How cautiously many databases are changed. */
export interface FleetTerms {
  /** So many databases, one after the other, must have succeeded before the others begin. Default: 1; 0: none. */
  readonly canary?: number | undefined;
  /** So many failures are the end: nothing else begins. Default: 10; 0: all are tried. */
  readonly stopAfter?: number | undefined;
}

/** Receives what happens while many databases are changed. */
export interface UpFleetUi extends FleetUi {
  /** The work in one database has ended. */
  onEnd(end: MemberEnd): void;
  /** What would run, before a person is asked. */
  onPlan(plan: FleetPlan): void;
  /** Asks a person; absent: there is nobody to ask. */
  readonly confirm?: ((databases: number) => Promise<boolean>) | undefined;
}

/** Why not all databases were begun. */
type Stop = 'canary' | 'failures' | 'interrupted';

/** How it ended, and what was not begun because of it. */
export interface UpFleetEnd extends FleetEnd {
  readonly stopped?: Finding;
}

const defaults = { canary: 1, stopAfter: 10 };

/**
 * `up` in many databases. Each of them gets a run of its own, with its own id, history and verdict; they share the
 * migrations and the consent. What one run does is the ordinary operation.
 */
export async function upFleet(
  operation: OperationContext,
  fleet: Fleet,
  request: ChangeRequest & FleetTerms,
  ui: UpFleetUi,
): Promise<Outcome<UpFleetEnd>> {
  const { ready, signal } = operation;
  const reviewed = checkReviewed(ready, request.reviewed);
  if (!reviewed.ok) return reviewed;
  const promoted = await checkPromotion(operation, request);
  if (!promoted.ok) return promoted;

  const { canary = defaults.canary, stopAfter = defaults.stopAfter, ...single } = request;
  const ends = new Map<Member, MemberEnd>();
  let failures = 0;
  let stop: Stop | undefined;
  const record = (end: MemberEnd): void => {
    ends.set(end.member, end);
    if (end.exitCode !== 0 && !isStopped(end)) failures += 1;
    if (stopAfter > 0 && failures >= stopAfter) stop ??= 'failures';
    ui.onEnd(end);
  };
  const consented = await consentToAll(operation, fleet, { request: single, ui, record });
  if (!consented.ok) return consented;
  const { hashes, queue: pending, complete } = consented.value;
  // What could not be planned does not count: the person has seen it.
  failures = 0;
  stop = undefined;
  const isOver = (): boolean => {
    if (signal.aborted) stop ??= 'interrupted';
    return stop !== undefined;
  };
  const perform = async (member: Member): Promise<MemberEnd> => {
    const own = memberOperation(operation, fleet, { member, ui });
    const bound = { ...single, ...consentFor(hashes.get(member), single) };
    const end = await patiently(async () => endOf(member, await change(own, bound)), signal);
    record(end);
    return end;
  };

  let queue = pending;
  let failed: Member | undefined;
  // A database that has everything is proof, too: an earlier run has applied there what the others lack.
  for (let proven = complete; proven < canary && queue.length > 0 && !isOver();) {
    const [first, ...rest] = queue;
    if (first === undefined) break;
    queue = rest;
    const end = await perform(first);
    if (end.exitCode === 0) proven += 1;
    else if (signal.aborted || isStopped(end)) stop ??= 'interrupted';
    else {
      proven += hashes.size > 0 ? 0 : await countComplete(operation, fleet, { queue, selection: single.selection });
      if (proven >= canary) break;
      failed = first;
      stop ??= 'canary';
    }
  }
  const left = await inLanes(queue, { ...fleet.lanes, isOver }, async (member) => void (await perform(member)));
  const end = fleetEnd(fleet.members, ends, stop === 'interrupted');
  return ok(
    left.length === 0 || stop === undefined
      ? end
      : { ...end, stopped: stoppedBy(stop, { left: left.length, failures, canary: failed?.name ?? '' }) },
  );
}

interface Consenting {
  readonly request: ChangeRequest;
  readonly ui: UpFleetUi;
  readonly record: (end: MemberEnd) => void;
}

/** The databases to change, and the plans that their runs are bound to. */
interface Consented {
  readonly hashes: ReadonlyMap<Member, string>;
  readonly queue: readonly Member[];
  /** How many databases of the list have everything already. */
  readonly complete: number;
}

/**
 * In a protected environment, or with a reviewed plan, every database is planned first. A person consents once, to the
 * number of databases; a reviewed plan permits each database what it lacks of it.
 */
async function consentToAll(
  operation: OperationContext,
  fleet: Fleet,
  { request, ui, record }: Consenting,
): Promise<Outcome<Consented>> {
  const { environment } = operation.ready.project;
  const { reviewed, selection } = request;
  if (!environment.protected && reviewed === undefined)
    return ok({ hashes: new Map(), queue: fleet.members, complete: 0 });
  if (reviewed === undefined && ui.confirm === undefined) return err(fault('needs-approval'));
  const plan = await planFleet(operation, fleet, fleet.members, { selection, ui });
  if (operation.signal.aborted) return err(fault('interrupted', { why: 'Nothing was changed.' }));
  ui.onPlan(plan);
  const differing =
    reviewed === undefined ? undefined : plan.groups.find((group) => !isPartOf(group, reviewed.plan.steps));
  if (differing !== undefined) return err(notReviewed(differing));
  const idle = new Set(plan.groups.filter(({ steps }) => steps.length === 0).flatMap(({ members }) => members));
  const isIdle = (member: Member): boolean => environment.hooks.length === 0 && idle.has(member);
  const planned = fleet.members.filter((member) => plan.hashes.has(member));
  const queue = planned.filter((member) => !isIdle(member));
  if (reviewed === undefined && queue.length > 0) {
    const confirmed = await ui.confirm?.(queue.length);
    if (operation.signal.aborted)
      return err(fault('interrupted', { why: 'Cancelled at the confirmation prompt; nothing was changed.' }));
    if (confirmed !== true)
      return err(fault('needs-approval', { why: 'The name of the environment was not typed; nothing was changed.' }));
  }
  for (const end of plan.failed) record(end);
  for (const member of planned.filter(isIdle)) record(endOf(member, { kind: 'nothing' }));
  return ok({ hashes: plan.hashes, queue, complete: idle.size });
}

/** A database may lack any number of the last migrations of the reviewed plan, and nothing else. */
function isPartOf(
  { steps }: PlanGroup,
  reviewed: Parameters<typeof stepKey>[0][] | readonly Parameters<typeof stepKey>[0][],
): boolean {
  const keys = reviewed.map(stepKey);
  const from = keys.length - steps.length;
  return from >= 0 && steps.every((step, index) => stepKey(step) === keys[from + index]);
}

function notReviewed({ steps, members }: PlanGroup): Finding {
  const [first] = members;
  const more = members.length === 1 ? '' : ` and ${members.length - 1} more`;
  return fault('plan-changed', {
    why: `In ${first?.name ?? ''}${more}, ${steps.map(({ id }) => id).join(', ')} would run, which is not the end of the reviewed plan.`,
    fix: 'Bring these databases to where the others are, or run the command for them with a plan of their own.',
  });
}

function consentFor(planHash: string | undefined, { reviewed }: ChangeRequest): Partial<ChangeRequest> {
  if (planHash === undefined) return {};
  return { planHash, ...(reviewed === undefined ? { nameTyped: true } : { reviewed: undefined }) };
}

/** How many of the next databases have everything: where they do, an earlier run of this release has succeeded. */
async function countComplete(
  operation: OperationContext,
  fleet: Fleet,
  { queue, selection }: { readonly queue: readonly Member[]; readonly selection: ChangeRequest['selection'] },
): Promise<number> {
  const near = queue.slice(0, fleet.lanes.parallel * 8);
  const { groups } = await planFleet(operation, fleet, near, { selection, ui: {} });
  return groups.find(({ steps }) => steps.length === 0)?.members.length ?? 0;
}

const mostTries = 6;

/** Others may have taken the connections that were free: that is no failure of this database. */
async function patiently(work: () => Promise<MemberEnd>, signal: AbortSignal): Promise<MemberEnd> {
  for (let attempt = 1; ; attempt += 1) {
    const end = await work();
    const isFull = end.exitCode !== 0 && end.findings.every(({ code }) => code === 'too-many-connections');
    if (!isFull || attempt === mostTries || signal.aborted) return end;
    await sleep(200 * 2 ** attempt * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
  }
}

interface Stopped {
  readonly left: number;
  readonly failures: number;
  /** The name of the database that failed while the others waited for it. */
  readonly canary: string;
}

function stoppedBy(stop: Stop, { left, failures, canary }: Stopped): Finding {
  const rest = left === 1 ? '1 was not begun' : `${left} were not begun`;
  const why = {
    canary: `${canary} was changed first and failed, so that ${rest}.`,
    failures: `${failures} failed, so that ${rest}.`,
    interrupted: `The command was stopped: ${rest}.`,
  }[stop];
  const { fix } = fault('fleet-stopped');
  const how = {
    canary: `${fix} \`--canary 0\` begins the others all the same.`,
    failures: `${fix} \`--stop-after 0\` tries all of them.`,
    interrupted: 'Run the same command again: what is applied stays, and the rest follows.',
  }[stop];
  return fault('fleet-stopped', { why, fix: how });
}
