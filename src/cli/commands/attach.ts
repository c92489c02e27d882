import { createDetachedEngine } from '../../project/detached.ts';
import { watch } from '../../migrate/deploy.ts';
import type { LedgerEntry } from '../../migrate/engine.ts';
import { whoAsks } from '../../adapters/actor.ts';
import { version } from '../../project/version.ts';
import { cancelTask } from '../../project/tasks.ts';
import type { Context, Result, Run } from '../command.ts';
import { eventOf, executeQuietly, openProjectOf, resultOf, withProject } from '../execute.ts';
import { done, failed } from '../result.ts';

/** `godwit runs attach RUN`: shows the events of a detached run, from its first on, and ends with its exit code. */
export const attach: Run = async (context) => {
  const project = await openProjectOf(context);
  if (!project.ok) return failed(project.findings);
  const engine = createDetachedEngine(project.value);
  const ref = await engine.attach((context.typed.arguments[0] ?? '').toUpperCase());
  if (!ref.ok) return failed(ref.findings);
  const { screen } = context;
  const over = new AbortController();
  const unbind = context.onCtrlC(async () => {
    if (!context.io.interactive || screen.json) return true;
    const question = '\nStop the run? It was detached: without an answer it goes on by itself. [y/N] ';
    const answer = await screen.asking(async () => await context.io.ask(question, over.signal));
    if (over.signal.aborted) return false;
    if (!/^y/i.test(answer ?? '')) return true;
    await engine.cancel(ref.value);
    return false;
  });
  const actor = { ...whoAsks(context.io.env), commit: '', tool: version() };
  const execution = await watch(
    {
      engine,
      leave: context.signal,
      onEvent: (event) => screen.event(event),
      recorded: async (run) => (await import('../../project/recorded.ts')).recordedEndOf(project.value, actor, run),
    },
    ref.value,
  );
  unbind();
  over.abort();
  if (execution.events.every(({ kind }) => kind !== 'run.finished')) {
    screen.say('', `Run ${ref.value.run} goes on by itself.`);
    return { exitCode: 130, outcome: 'interrupted', findings: [] };
  }
  const { ledger } = project.value;
  const entry = (await ledger.list()).find((candidate) => candidate.run === ref.value.run);
  if (entry !== undefined && entry.finishedAt === undefined && execution.events.length > 0) {
    await ledger.write(ended(entry, execution.outcome, execution.exitCode));
  }
  return resultOf(execution);
};

function ended(entry: LedgerEntry, outcome: string, exitCode: number): LedgerEntry {
  return { ...entry, finishedAt: new Date().toISOString(), outcome, exitCode, recorded: exitCode !== 30 };
}

/** `godwit runs cancel RUN`: by its process if it is one of this machine, otherwise through the database. */
export const cancel: Run = async (context) => {
  const project = await openProjectOf(context);
  if (!project.ok) return failed(project.findings);
  const subject = (context.typed.arguments[0] ?? '').toUpperCase();
  const engine = createDetachedEngine(project.value);
  const ref = await engine.attach(subject);
  if (!ref.ok || !(await engine.cancel(ref.value))) return await cancelThere(context, subject);
  context.screen.say(
    `Run ${ref.value.run} was asked to stop at the next safe point. \`godwit runs attach ${ref.value.run}\` shows how it ends.`,
  );
  return done({ run: ref.value.run });
};

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
