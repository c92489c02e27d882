import { identifyActor } from '../../../adapters/actor.ts';
import { closedAttempt, type Execution } from '../../../migrate/controller/attempt.ts';
import { closeAttempt } from '../../../migrate/controller/execute-task.ts';
import type { LedgerEntry, RunRef } from '../../../migrate/contract/engine.ts';
import { follow } from '../../../migrate/controller/follow.ts';
import { isChange } from '../../../migrate/contract/task.ts';
import type { Project } from '../../../project/open.ts';
import { recordedEndOf } from '../../../project/recorded.ts';
import { version } from '../../../project/version.ts';
import { defineCommand, type Context, type Result, type Run } from '../../command.ts';
import { leftAlone, openProjectOf, resultOf } from '../../execute.ts';
import { argument } from '../../options/argument-kinds.ts';
import { failed } from '../../result.ts';
import { findRun, type Found } from './find-run.ts';

export const spec = defineCommand({
  name: 'runs attach',
  summary: 'Follow a run that was started with --detach or on another machine',
  arguments: { run: argument('RUN', 'id of the run, or its first characters') },
  examples: [{ type: 'godwit runs attach 01J9', does: 'show its events from the first and end with its exit code' }],
  events: true,
});

export const run: Run<typeof spec> = async (context) => {
  const project = await openProjectOf(context);
  if (!project.ok) return failed(project.findings);
  const { screen } = context;
  const found = await findRun(context, project.value, context.arguments.run);
  if (found.entry !== undefined && found.entry.finishedAt !== undefined) {
    const reported = await project.value.remote?.said(found.entry);
    if (reported !== undefined) return reportAgain(context, found.entry, reported);
  }
  const ref = await found.engine.attach(found.run);
  if (!ref.ok) return failed(found.several === undefined ? ref.findings : [found.several]);
  const entry = found.entry ?? (await project.value.ledger.list()).find(({ run }) => run === ref.value.run);
  const following = { ...found, entry, ref: ref.value };
  const execution = await followAloud(context, project.value, following);
  if (execution.left === true && execution.findings.length > 0)
    return failed(execution.findings, { run: ref.value.run });
  if (execution.events.every(({ kind }) => kind !== 'run.finished')) {
    screen.say(
      '',
      `Run ${ref.value.run} continues on its own.`,
      ...leftAlone(project.value.environment.name, ref.value.run),
    );
    return { exitCode: 130, outcome: 'interrupted', findings: [] };
  }
  await close(project.value, following, execution);
  return resultOf(execution);
};

type FoundRun = Found & { readonly ref: RunRef };

async function followAloud(context: Context, project: Project, { engine, entry, ref }: FoundRun): Promise<Execution> {
  const { screen } = context;
  const over = new AbortController();
  const unbind = context.onCtrlC(async () => {
    if (!context.io.interactive || screen.json) return true;
    const question = '\nStop the run? It was detached: without an answer it continues on its own. [y/N] ';
    const answer = await screen.asking(async () => await context.io.ask(question, over.signal));
    if (over.signal.aborted) return false;
    if (!/^y/i.test(answer ?? '')) return true;
    await engine.cancel(ref);
    return false;
  });
  const actor = { ...identifyActor(context.io.env), commit: '', tool: version() };
  try {
    return await follow(
      {
        engine,
        leave: context.signal,
        onEvent: (event) => screen.event(event),
        ...(entry?.kind === undefined ? {} : { changing: isChange(entry.kind) }),
        recorded: async (run) => await recordedEndOf(project, actor, run),
      },
      ref,
    );
  } finally {
    unbind();
    over.abort();
  }
}

/** Records the end in the ledger; for a remote run, it also cleans up what the run left. */
async function close(project: Project, { engine, entry, ref }: FoundRun, execution: Execution): Promise<void> {
  if (entry === undefined || entry.finishedAt !== undefined || execution.events.length === 0) return;
  const now = (): string => new Date().toISOString();
  if (project.remote === undefined) {
    const closed = closedAttempt(entry, execution, now());
    await project.ledger.write({ ...closed, recorded: execution.exitCode !== 30 });
    return;
  }
  await closeAttempt(
    { engine, ledger: project.ledger, keeps: 'all', now, task: { kind: 'apply' } },
    { ref, entry, execution },
  );
  if (execution.incomplete !== true) await project.remote.results.keep(ref.run, execution.events);
}

/** A run that ended earlier: its recorded events are shown again. */
function reportAgain({ screen }: Context, entry: LedgerEntry, events: Execution['events']): Result {
  for (const event of events) screen.event(event);
  const finished = events.findLast((event) => event.kind === 'run.finished');
  const { exitCode, outcome } = finished ?? { exitCode: entry.exitCode ?? 42, outcome: entry.outcome ?? 'unknown' };
  return { exitCode, outcome, findings: [] };
}
