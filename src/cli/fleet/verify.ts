import { execute } from '../../operations/execute.ts';
import { memberOperation, openFleet } from '../../operations/fleet/fleet.ts';
import { inLanes } from '../../operations/fleet/lanes.ts';
import { endOfExecution, fleetEnd, type MemberEnd } from '../../operations/fleet/member-end.ts';
import type { Member } from '../../operations/fleet/members.ts';
import { ofAnyDatabase, verifyTask } from '../../operations/tasks.ts';
import type { Check } from '../../migrate/contract/model.ts';
import type { Context, Result } from '../command.ts';
import { operationOf, withProject } from '../execute.ts';
import { failed } from '../result.ts';
import { checkLines } from '../screen/checks.ts';
import { createFailures, summaryLines } from './screen.ts';
import type { FleetOptions } from './named.ts';
import { fleetSourceOf } from './source.ts';

interface TypedFleetVerify extends FleetOptions {
  readonly strict: boolean;
  readonly file?: string | undefined;
  readonly fresh?: boolean | undefined;
  readonly accept?: readonly string[] | undefined;
}

/** `verify --databases FILE`: checks each of many databases; one that differs does not stop the others. */
export async function verifyDatabases(context: Context, options: TypedFleetVerify): Promise<Result> {
  const { strict, file, fresh, accept = [] } = options;
  const source = await fleetSourceOf(context.io, options, { file, accept: accept.length > 0 });
  if (!source.ok) return failed(source.findings);
  return await withProject(context, { fresh }, async (ready) => {
    const opened = await openFleet(ready, source.value, options.parallel);
    if (!opened.ok) return failed(opened.findings);
    const fleet = opened.value;
    const { screen, signal } = context;
    for (const finding of fleet.findings) context.tell(finding);
    const ends = new Map<Member, MemberEnd>();
    const differing = new Map<Member, readonly Check[]>();
    const failure = createFailures(screen);
    const told = new Set<string>();
    await inLanes(fleet.members, { ...fleet.lanes, isOver: () => signal.aborted }, async (member) => {
      const operation = memberOperation(operationOf(context, ready), fleet, { member, ui: {} });
      const looking = verifyTask(operation.ready.project, ready.actor, { strict });
      const execution = await execute(operation, strict ? looking : ofAnyDatabase(looking));
      const end = endOfExecution(member, execution);
      const checks = execution.events.flatMap((event) => (event.kind === 'checks' ? event.checks : []));
      ends.set(member, end);
      differing.set(
        member,
        checks.filter(({ ok }) => !ok),
      );
      if (end.exitCode !== 0) {
        failure(end);
        screen.say(...checkLines(untold(member, differing.get(member) ?? [], told), screen.style));
      }
      screen.live({ counter: `${ends.size} of ${fleet.members.length}`, name: member.name });
    });
    const end = fleetEnd(fleet.members, ends, signal.aborted);
    screen.settle();
    screen.answer(...summaryLines(end, screen.style, { ms: screen.elapsedMs, command: 'verify' }));
    return {
      exitCode: end.exitCode,
      outcome: end.outcome,
      findings: [],
      data: {
        databases: end.ends.map(({ member, outcome, exitCode, findings }) => ({
          entry: member.name,
          outcome,
          exitCode,
          checks: differing.get(member) ?? [],
          findings,
        })),
      },
    };
  });
}

/** What several schemas of a database share is told once; each database has its own. */
function untold({ place }: Member, checks: readonly Check[], told: Set<string>): readonly Check[] {
  return checks.filter(({ kind, object }) => {
    const key = JSON.stringify([place, kind, object]);
    const isNew = !told.has(key);
    told.add(key);
    return isNew;
  });
}
