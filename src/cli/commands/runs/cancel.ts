import { cancelByDatabase, cancelByRunner } from '../../../operations/cancel-run.ts';
import { defineCommand, type Run } from '../../command.ts';
import { leftAlone, openProjectOf, operationOf, withProject } from '../../execute.ts';
import { argument } from '../../options/argument-kinds.ts';
import { done, failed } from '../../result.ts';
import { uiOf } from '../../ui.ts';

export const spec = defineCommand({
  name: 'runs cancel',
  summary: 'Ask a run to stop at the next safe point',
  arguments: { run: argument('RUN', 'id of the run, its first characters, or `last`: the newest run of this folder') },
  examples: [{ type: 'godwit runs cancel 01J9', does: 'what was applied before remains and is recorded' }],
});

/** Cancels the run through its process or its execution if there is one, otherwise through the database. */
export const run: Run<typeof spec> = async (context) => {
  const { screen } = context;
  const project = await openProjectOf(context);
  if (!project.ok) return failed(project.findings);
  const { run: id, cancelled } = await cancelByRunner(uiOf(context), project.value, context.arguments.run);
  if (cancelled === undefined)
    return await withProject(context, { migrations: false }, async (ready) => {
      const there = await cancelByDatabase(operationOf(context, ready), id);
      if (!there.ok) return failed(there.findings);
      const { run, outcome } = there.value;
      screen.say(outcome === 'running' ? `Run ${run} was asked to stop.` : `Run ${run} has ended: ${outcome}.`);
      return done({ run, outcome });
    });
  const { run, outcome } = cancelled;
  if (outcome !== undefined) {
    screen.say(`Run ${run} has ended: ${outcome}.`);
    return done({ run, outcome });
  }
  const [attachIt = ''] = leftAlone(project.value.environment.name, run);
  screen.settle();
  screen.say(
    `Run ${run} was asked to stop at the next safe point. \`${attachIt.trim().replace(/ {2,}.*/, '')}\` shows how it ends; run the same command again to make it leave at once.`,
  );
  return done({ run });
};
