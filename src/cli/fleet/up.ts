import type { RunEvent } from '../../migrate/contract/event.ts';
import { changeRequestOf, type ChangeOptions } from '../../operations/change-request.ts';
import { openFleet, type Fleet, type FleetUi } from '../../operations/fleet/fleet.ts';
import { fleetEnd, isStopped, type FleetEnd, type MemberEnd } from '../../operations/fleet/member-end.ts';
import type { Member } from '../../operations/fleet/members.ts';
import { planFleet } from '../../operations/fleet/plan-fleet.ts';
import { upFleet, type FleetTerms, type UpFleetUi } from '../../operations/fleet/up-fleet.ts';
import type { Ready } from '../../operations/ready.ts';
import type { Context, Result } from '../command.ts';
import { bindCtrlC } from '../ctrl-c.ts';
import { operationOf, withProject } from '../execute.ts';
import { failed } from '../result.ts';
import { countOf } from '../screen/format.ts';
import { createAtWork } from './at-work.ts';
import { createFailures, planLines, summaryLines } from './screen.ts';
import type { FleetOptions } from './named.ts';
import { fleetSourceOf } from './source.ts';

/** The options of `up` on many databases. */
interface TypedFleetUp extends ChangeOptions, FleetOptions, FleetTerms {
  readonly dryRun?: boolean | undefined;
  readonly fresh?: boolean | undefined;
}

/** `up --databases FILE`, and the queries. */
export async function upDatabases(context: Context, options: TypedFleetUp): Promise<Result> {
  const { detach, fresh, canary, stopAfter, dryRun = false } = options;
  const source = await fleetSourceOf(context.io, options, { detach });
  if (!source.ok) return failed(source.findings);
  const request = await changeRequestOf(context.io.cwd, 'up', options);
  if (!request.ok) return failed(request.findings);
  const needs = { file: request.value.reviewed?.file ?? options.file, changes: true, fresh };
  return await withProject(context, needs, async (ready) => {
    const opened = await openFleet(ready, source.value, options.parallel);
    if (!opened.ok) return failed(opened.findings);
    const fleet = opened.value;
    for (const finding of fleet.findings) context.tell(finding);
    context.screen.say(context.screen.style.dim(`  ${sizeText(fleet)}`));
    if (dryRun) return await dryRunFleet(context, fleet, request.value.selection);
    const unbind = bindCtrlC(context, 'apply', undefined);
    try {
      const ui = upUi(context, ready, fleet);
      const ended = await upFleet(operationOf(context, ready), fleet, { ...request.value, canary, stopAfter }, ui);
      if (!ended.ok) return failed(ended.findings);
      return closed(context, ended.value, ended.value.stopped === undefined ? [] : [ended.value.stopped]);
    } finally {
      unbind();
    }
  });
}

/** `1,000 databases, 8 at a time` */
function sizeText({ members, lanes }: Fleet): string {
  const servers = [...new Set(members.map(lanes.server))];
  const rooms = servers.map((server) =>
    Math.min(members.filter((member) => lanes.server(member) === server).length, lanes.room(server)),
  );
  const atOnce = Math.min(
    lanes.parallel,
    rooms.reduce((sum, room) => sum + room, 0),
  );
  return `${countOf(members.length, 'database')}, ${atOnce} at a time`;
}

/** Shows what would run in how many databases, and changes nothing. */
async function dryRunFleet(
  context: Context,
  fleet: Fleet,
  selection: Parameters<typeof planFleet>[3]['selection'],
): Promise<Result> {
  const { screen, signal } = context;
  const { tell, onEnd } = progress(context, fleet);
  const ends = new Map<Member, MemberEnd>();
  const plan = await planFleet(operationOf(context, fleet.ready), fleet, fleet.members, {
    selection,
    ui: tell,
    onPlanned: (end) => {
      ends.set(end.member, end);
      onEnd(end);
    },
  });
  screen.settle();
  screen.answer(...planLines(plan, screen.style));
  const end = fleetEnd(fleet.members, ends, signal.aborted);
  if (screen.json) screen.event(closingOf(end));
  return { ...end, findings: [], data: {} };
}

function upUi(context: Context, { project }: Ready, fleet: Fleet): UpFleetUi {
  const { io, screen } = context;
  const { tell, onEnd } = progress(context, fleet);
  const { name } = project.environment;
  return {
    ...tell,
    onEnd,
    onPlan: (plan) => {
      screen.settle();
      screen.say(...planLines(plan, screen.style));
    },
    ...(io.interactive && !screen.json
      ? {
          confirm: async (databases: number) => {
            const what = databases === 1 ? '1 database' : `${databases} databases`;
            const answer = await io.ask(`\n${name} is protected. Type its name to change ${what}: `);
            return answer?.trim() === name;
          },
        }
      : {}),
  };
}

/** Tells what happens: programs get every event with its database, people the failures and how far the work is. */
function progress(
  { screen }: Context,
  { members }: Fleet,
): { readonly tell: FleetUi; readonly onEnd: (end: MemberEnd) => void } {
  const failure = createFailures(screen);
  const emit = (member: Member, event: RunEvent): void => screen.event(ofEntry(member, event));
  const atWork = createAtWork(screen, members.length);
  return {
    tell: screen.json
      ? { onEvent: emit, onFinding: (member, finding) => emit(member, { kind: 'finding', finding }) }
      : { onEvent: (member, event) => atWork.onEvent(member, event) },
    onEnd: (end) => {
      const { member, run, outcome, exitCode, applied, findings } = end;
      if (screen.json && outcome !== 'not-started')
        screen.event({ kind: 'database.finished', entry: member.name, run, outcome, exitCode, applied, findings });
      if (exitCode !== 0) failure(end);
      atWork.onEnd(member);
    },
  };
}

/** The event with the entry of its database: a field more than the event has. */
function ofEntry({ name: entry }: Member, event: RunEvent): RunEvent & { readonly entry: string } {
  return { ...event, entry };
}

function closed({ screen }: Context, end: FleetEnd, findings: Result['findings']): Result {
  screen.settle();
  screen.say(...summaryLines(end, screen.style, { ms: screen.elapsedMs, command: 'up' }));
  if (screen.json) screen.event(closingOf(end));
  const { exitCode, outcome } = end;
  return { exitCode, outcome, findings, data: {} };
}

function closingOf({ ends, outcome, exitCode }: FleetEnd): RunEvent {
  const begun = ends.filter((end) => end.outcome !== 'not-started');
  const succeeded = begun.filter((end) => end.exitCode === 0);
  const interrupted = begun.filter(isStopped).length;
  const changed = succeeded.filter(({ applied }) => applied > 0).length;
  return {
    kind: 'databases.finished',
    outcome,
    exitCode,
    databases: ends.length,
    changed,
    unchanged: succeeded.length - changed,
    failed: begun.length - succeeded.length - interrupted,
    interrupted,
    notStarted: ends.filter((end) => end.outcome === 'not-started').map(({ member }) => member.name),
  };
}
