import type { FaultCode } from '../../kit/catalogue/index.ts';
import { gravest, isExitCode, pendingExit } from '../../kit/exit-code.ts';
import { outcomeOfExitCode } from '../../migrate/contract/verdict.ts';
import type { Selection } from '../../migrate/contract/task.ts';
import { openFleet } from '../../operations/fleet/fleet.ts';
import { fleetEnd, type MemberEnd } from '../../operations/fleet/member-end.ts';
import type { Member } from '../../operations/fleet/members.ts';
import { planFleet } from '../../operations/fleet/plan-fleet.ts';
import type { Context, Result } from '../command.ts';
import { operationOf, withProject } from '../execute.ts';
import { failed } from '../result.ts';
import { planLines } from './screen.ts';
import type { FleetOptions } from './named.ts';
import { fleetSourceOf } from './source.ts';

interface TypedFleetStatus extends FleetOptions {
  readonly file?: string | undefined;
  readonly fresh?: boolean | undefined;
  readonly compare?: string | undefined;
  readonly exitCode?: boolean | undefined;
}

const everything: Selection = { direction: 'up', outOfOrder: false };

/** What `status` of one database reports as its answer: the folder does not match the history. */
const answers: ReadonlySet<FaultCode> = new Set([
  'migration-changed',
  'migration-missing',
  'migration-renamed',
  'out-of-order',
  'database-ahead',
  'half-way',
]);

/** Could the database not be looked at? */
function isBroken({ exitCode, findings }: MemberEnd): boolean {
  return exitCode !== 0 && !findings.every(({ code }) => answers.has(code));
}

/** `status --databases FILE`: what each of many databases lacks; those that lack the same are one group. */
export async function databasesStatus(context: Context, options: TypedFleetStatus): Promise<Result> {
  const { compare, file, fresh } = options;
  const source = await fleetSourceOf(context.io, options, { compare, file });
  if (!source.ok) return failed(source.findings);
  return await withProject(context, { fresh }, async (ready) => {
    const opened = await openFleet(ready, source.value, options.parallel);
    if (!opened.ok) return failed(opened.findings);
    const fleet = opened.value;
    const { screen, signal } = context;
    for (const finding of fleet.findings) context.tell(finding);
    const ends = new Map<Member, MemberEnd>();
    const plan = await planFleet(operationOf(context, ready), fleet, fleet.members, {
      selection: everything,
      anyDatabase: true,
      ui: {},
      onPlanned: (end) => {
        ends.set(end.member, end);
        screen.live({ counter: `${ends.size} of ${fleet.members.length}`, name: end.member.name });
      },
    });
    screen.settle();
    screen.answer(...planLines(plan, screen.style));
    const end = fleetEnd(fleet.members, ends, signal.aborted);
    const lacking = new Map(plan.groups.flatMap(({ steps, members }) => members.map((one) => [one, steps] as const)));
    const isBehind = plan.groups.some(({ steps }) => steps.length > 0);
    const broken = gravest(end.ends.filter(isBroken).map(({ exitCode }) => (isExitCode(exitCode) ? exitCode : 70)));
    const asked = end.exitCode === 0 ? (isBehind ? pendingExit : 0) : end.exitCode === 30 ? 30 : 10;
    const interrupted = signal.aborted ? 130 : undefined;
    return {
      // As for one database: files that do not match fail `status` only with --exit-code.
      exitCode: interrupted ?? (options.exitCode === true ? asked : broken),
      outcome: signal.aborted ? 'interrupted' : broken === 0 ? 'done' : outcomeOfExitCode(broken),
      findings: [],
      data: {
        databases: end.ends.map(({ member, outcome, exitCode, findings }) => ({
          entry: member.name,
          outcome,
          exitCode,
          ...(lacking.has(member) ? { pending: lacking.get(member)?.map(({ id }) => id) } : {}),
          findings: [...findings, ...(plan.warnings.get(member) ?? [])],
        })),
      },
    };
  });
}
