import { whoAsks } from '../../adapters/actor.ts';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { closedAttempt, type Execution } from '../../migrate/controller/attempt.ts';
import { conclude } from '../../migrate/controller/execute-task.ts';
import type { Engine, LedgerEntry, RunRef } from '../../migrate/contract/engine.ts';
import { follow } from '../../migrate/controller/follow.ts';
import { isChange } from '../../migrate/contract/task.ts';
import { createDetachedEngine } from '../../project/detached.ts';
import type { Project } from '../../project/open.ts';
import { cancelTask } from '../../project/tasks.ts';
import { version } from '../../project/version.ts';
import type { Context, Result, Run } from '../command.ts';
import { eventOf, executeQuietly, leftAlone, openProjectOf, progressOn, resultOf, withProject } from '../execute.ts';
import { done, failed } from '../result.ts';

/** `godwit runs attach RUN`: shows the events of a run from its first on, and ends with its exit code. */
export const attach: Run = async (context) => {
  const project = await openProjectOf(context);
  if (!project.ok) return failed(project.findings);
  const { screen } = context;
  const found = await findRun(context, project.value);
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
      `Run ${ref.value.run} goes on by itself.`,
      ...leftAlone(project.value.environment.name, ref.value.run),
    );
    return { exitCode: 130, outcome: 'interrupted', findings: [] };
  }
  await close(project.value, following, execution);
  return resultOf(execution);
};

interface Found {
  readonly engine: Engine;
  /** Its id, whole where the ledger knows it. */
  readonly run: string;
  readonly entry: LedgerEntry | undefined;
  /** What was typed is the beginning of several. */
  readonly several?: Finding;
}

/** The run that was named, by its beginning, and the engine that has it. */
async function findRun(context: Context, project: Project): Promise<Found> {
  const { remote, ledger } = project;
  const subject = (context.typed.arguments[0] ?? '').toUpperCase();
  if (remote === undefined) {
    const engine = createDetachedEngine(project);
    const ref = await engine.attach(subject);
    const run = ref.ok ? ref.value.run : subject;
    return { engine, run, entry: (await ledger.list()).find((one) => one.run === run) };
  }
  const progress = progressOn(context);
  context.screen.place(project.environment.name, remote.place);
  const engine = await remote.engine((text) => progress(text, 'step'));
  const entries = (await ledger.list(project.environment.name)).filter(({ run }) => run.startsWith(subject));
  const entry = entries.find(({ run }) => run === subject) ?? (entries.length === 1 ? entries[0] : undefined);
  if (entry !== undefined) return { engine, run: entry.run, entry };
  const why = `${entries.length} runs begin with "${subject}".`;
  const several = fault('unknown-run', { why, fix: '`godwit runs list` shows them; type more of the id.' });
  return { engine, run: subject, entry, ...(entries.length > 1 ? { several } : {}) };
}

type FoundRun = Found & { readonly ref: RunRef };

async function followAloud(context: Context, project: Project, { engine, entry, ref }: FoundRun): Promise<Execution> {
  const { screen } = context;
  const over = new AbortController();
  const unbind = context.onCtrlC(async () => {
    if (!context.io.interactive || screen.json) return true;
    const question = '\nStop the run? It was detached: without an answer it goes on by itself. [y/N] ';
    const answer = await screen.asking(async () => await context.io.ask(question, over.signal));
    if (over.signal.aborted) return false;
    if (!/^y/i.test(answer ?? '')) return true;
    await engine.cancel(ref);
    return false;
  });
  const actor = { ...whoAsks(context.io.env), commit: '', tool: version() };
  try {
    return await follow(
      {
        engine,
        leave: context.signal,
        onEvent: (event) => screen.event(event),
        ...(entry?.kind === undefined ? {} : { changing: isChange(entry.kind) }),
        recorded: async (run) => (await import('../../project/recorded.ts')).recordedEndOf(project, actor, run),
      },
      ref,
    );
  } finally {
    unbind();
    over.abort();
  }
}

/** Whoever has heard the end writes it down; and, far away, clears away what the run has left. */
async function close(project: Project, { engine, entry, ref }: FoundRun, execution: Execution): Promise<void> {
  if (entry === undefined || entry.finishedAt !== undefined || execution.events.length === 0) return;
  const now = (): string => new Date().toISOString();
  if (project.remote === undefined) {
    const closed = closedAttempt(entry, execution, now());
    await project.ledger.write({ ...closed, recorded: execution.exitCode !== 30 });
    return;
  }
  await conclude(
    { engine, ledger: project.ledger, keeps: 'all', now, task: { kind: 'apply' } },
    { ref, entry, execution },
  );
  if (execution.incomplete !== true) await project.remote.results.keep(ref.run, execution.events);
}

/** One that ended long ago is told from what it has said. */
function reportAgain({ screen }: Context, entry: LedgerEntry, events: Execution['events']): Result {
  for (const event of events) screen.event(event);
  const finished = events.findLast((event) => event.kind === 'run.finished');
  const { exitCode, outcome } = finished ?? { exitCode: entry.exitCode ?? 42, outcome: entry.outcome ?? 'unknown' };
  return { exitCode, outcome, findings: [] };
}

/** `godwit runs cancel RUN`: by its process or its execution where there is one, otherwise through the database. */
export const cancel: Run = async (context) => {
  const project = await openProjectOf(context);
  if (!project.ok) return failed(project.findings);
  const { engine, run, entry } = await findRun(context, project.value);
  if (project.value.remote !== undefined && entry?.run === run && isOver(entry)) {
    context.screen.say(`Run ${run} has ended: ${entry.outcome}.`);
    return done({ run, outcome: entry.outcome });
  }
  const ref = await engine.attach(run);
  if (!ref.ok || !(await engine.cancel(ref.value))) return await cancelThere(context, run);
  const { name } = project.value.environment;
  const [attachIt = ''] = leftAlone(name, ref.value.run);
  context.screen.settle();
  context.screen.say(
    `Run ${ref.value.run} was asked to stop at the next safe point. \`${attachIt.trim().replace(/ {2,}.*/, '')}\` shows how it ends; the same command once more to have it leave at once.`,
  );
  return done({ run: ref.value.run });
};

/** Its end is known; one that ended as unknown may still be at work. */
function isOver({ finishedAt, outcome }: LedgerEntry): boolean {
  return finishedAt !== undefined && outcome !== undefined && outcome !== 'unknown';
}

async function cancelThere(context: Context, subject: string): Promise<Result> {
  return await withProject(context, { migrations: false }, async (ready) => {
    const execution = await executeQuietly(context, ready, cancelTask(ready.project, ready.actor, subject));
    const event = eventOf(execution, 'runs');
    if (!event.ok) return failed(event.findings);
    const [run] = event.value.runs;
    if (run === undefined) return failed(execution.findings);
    const over = run.outcome !== 'running';
    context.screen.say(over ? `Run ${run.run} has ended: ${run.outcome}.` : `Run ${run.run} was asked to stop.`);
    return done({ run: run.run, outcome: run.outcome });
  });
}
