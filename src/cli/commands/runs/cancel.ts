import type { LedgerEntry } from '../../../migrate/contract/engine.ts';
import { cancelTask } from '../../../project/tasks.ts';
import { defineCommand, type Context, type Result, type Run } from '../../command.ts';
import { eventOf, executeQuietly, leftAlone, openProjectOf, withProject } from '../../execute.ts';
import { argument } from '../../options/argument-kinds.ts';
import { done, failed } from '../../result.ts';
import { findRun } from './find-run.ts';

export const spec = defineCommand({
  name: 'runs cancel',
  summary: 'Ask a run to stop at the next safe point',
  arguments: { run: argument('RUN', 'id of the run, or its first characters') },
  examples: [{ type: 'godwit runs cancel 01J9', does: 'what was applied before remains and is recorded' }],
});

/** By its process or its execution if there is one, otherwise through the database. */
export const run: Run<typeof spec> = async (context) => {
  const project = await openProjectOf(context);
  if (!project.ok) return failed(project.findings);
  const { engine, run: id, entry } = await findRun(context, project.value, context.arguments.run);
  if (project.value.remote !== undefined && entry?.run === id && isOver(entry)) {
    context.screen.say(`Run ${id} has ended: ${entry.outcome}.`);
    return done({ run: id, outcome: entry.outcome });
  }
  const ref = await engine.attach(id);
  if (!ref.ok || !(await engine.cancel(ref.value))) return await cancelThere(context, id);
  const { name } = project.value.environment;
  const [attachIt = ''] = leftAlone(name, ref.value.run);
  context.screen.settle();
  context.screen.say(
    `Run ${ref.value.run} was asked to stop at the next safe point. \`${attachIt.trim().replace(/ {2,}.*/, '')}\` shows how it ends; run the same command again to make it leave at once.`,
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
