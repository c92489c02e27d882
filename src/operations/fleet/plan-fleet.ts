import type { Finding } from '../../kit/finding.ts';
import { versionIn } from '../../migrate/contract/migration-id.ts';
import type { PlanStep } from '../../migrate/contract/model.ts';
import type { Selection } from '../../migrate/contract/task.ts';
import { execute, type OperationContext } from '../execute.ts';
import { ofAnyDatabase, planTask } from '../tasks.ts';
import { memberOperation, type Fleet, type FleetUi } from './fleet.ts';
import { inLanes } from './lanes.ts';
import { endOfExecution, type MemberEnd } from './member-end.ts';
import { findingOf } from './member-findings.ts';
import type { Member } from './members.ts';

/** Databases in which the same would run. */
export interface PlanGroup {
  /** The steps, with the ids of the first of these databases; none: there is nothing to do. */
  readonly steps: readonly PlanStep[];
  readonly members: readonly Member[];
}

/** What would run in each database. */
export interface FleetPlan {
  /** The largest group first. */
  readonly groups: readonly PlanGroup[];
  /** The hash of each plan, to which its run is bound. */
  readonly hashes: ReadonlyMap<Member, string>;
  /** How planning ended where it failed. */
  readonly failed: readonly MemberEnd[];
  /** Databases that were not asked, because the command was stopped. */
  readonly left: readonly Member[];
  /** Warnings of each database. */
  readonly warnings: ReadonlyMap<Member, readonly Finding[]>;
}

/** How databases are planned. */
export interface PlanRequest {
  readonly selection: Selection;
  /** True: only warns if a database is not the pinned one. */
  readonly anyDatabase?: boolean;
  readonly ui: FleetUi;
  /** Called when a database has been planned, with how it ended. */
  readonly onPlanned?: (end: MemberEnd) => void;
}

/** Plans what would run now in each of these databases. Changes nothing. */
export async function planFleet(
  operation: OperationContext,
  fleet: Fleet,
  members: readonly Member[],
  { selection, anyDatabase = false, ui, onPlanned }: PlanRequest,
): Promise<FleetPlan> {
  const groups = new Map<string, { readonly steps: readonly PlanStep[]; readonly members: Member[] }>();
  const hashes = new Map<Member, string>();
  const warnings = new Map<Member, readonly Finding[]>();
  const failed: MemberEnd[] = [];
  const isOver = (): boolean => operation.signal.aborted;
  const left = await inLanes(members, { ...fleet.lanes, isOver }, async (member) => {
    const own = memberOperation(operation, fleet, { member, ui });
    const task = planTask(own.ready.project, own.ready.actor, selection);
    const execution = await execute(own, anyDatabase ? ofAnyDatabase(task) : task, {
      onEvent: (event) => own.ui.onEvent(event),
    });
    const plan = execution.events.findLast((event) => event.kind === 'plan')?.plan;
    const end = endOfExecution(member, execution);
    if (plan === undefined || end.exitCode !== 0) failed.push(end);
    else {
      const key = keyOf(plan.steps);
      const group = groups.get(key) ?? { steps: plan.steps, members: [] };
      groups.set(key, group);
      group.members.push(member);
      hashes.set(member, plan.hash);
      const warned = execution.findings.filter(({ severity }) => severity === 'warning');
      if (warned.length > 0)
        warnings.set(
          member,
          warned.map((finding) => findingOf(member, finding)),
        );
    }
    onPlanned?.(end);
  });
  const order = new Map(members.map((member, index) => [member, index]));
  for (const group of groups.values()) group.members.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  const sorted = [...groups.values()].sort((a, b) => b.members.length - a.members.length);
  return { groups: sorted, hashes, failed, left, warnings };
}

/** The same for plans that run the same. The ids of schemas differ in their sets. */
function keyOf(steps: readonly PlanStep[]): string {
  return steps.map(stepKey).join('\n');
}

export function stepKey({ id, direction, checksum, mode, resumes, standsFor }: PlanStep): string {
  return JSON.stringify([versionIn(id), direction, checksum, mode, resumes === true, standsFor ?? 0]);
}
