import { attachRun } from '../../../operations/attach-run.ts';
import type { FollowingUi } from '../../../operations/ui.ts';
import { defineCommand, type Context, type Run } from '../../command.ts';
import { leftAlone, openProjectOf, resultOf } from '../../execute.ts';
import { argument } from '../../options/argument-kinds.ts';
import { failed } from '../../result.ts';
import { uiOf } from '../../ui.ts';

export const spec = defineCommand({
  name: 'runs attach',
  summary: 'Follow a run that was started with --detach or on another machine',
  arguments: { run: argument('RUN', 'id of the run, its first characters, or `last`: the newest run of this folder') },
  examples: [{ type: 'godwit runs attach 01J9', does: 'show its events from the first and end with its exit code' }],
  events: true,
});

export const run: Run<typeof spec> = async (context) => {
  const project = await openProjectOf(context);
  if (!project.ok) return failed(project.findings);
  const ui = { ...uiOf(context), follow: followed(context) };
  const named = context.arguments.run;
  const conclusion = await attachRun({ project: project.value, named, leave: context.signal, ui });
  switch (conclusion.kind) {
    case 'ended': {
      const { run: id, outcome, exitCode, events, findings } = conclusion.execution;
      if (events.length > 0 || findings.length > 0) return resultOf(conclusion.execution);
      const { name } = project.value.environment;
      const show = `godwit runs show${name === 'local' ? '' : ` -e ${name}`} ${id}`;
      context.screen.say(`Run ${id} has ended: ${outcome}. \`${show}\` shows what it did.`);
      return { exitCode, outcome, findings: [], data: { run: id } };
    }
    case 'detached': {
      const more = leftAlone(project.value.environment.name, conclusion.run);
      context.screen.say('', `Run ${conclusion.run} continues on its own.`, ...more);
      return { exitCode: 130, outcome: 'interrupted', findings: [] };
    }
    case 'refused':
      return failed(conclusion.findings);
    case 'nothing':
      return { exitCode: 0, outcome: 'nothing-to-do', findings: [] };
  }
};

/** Ctrl-C asks whether to stop the run; without an answer, the command leaves the run and ends. */
function followed(context: Context): FollowingUi['follow'] {
  const { io, screen } = context;
  return (cancel) => {
    const over = new AbortController();
    const unbind = context.onCtrlC(async () => {
      if (!io.interactive || screen.json) return true;
      const question = '\nStop the run? It was detached: without an answer it continues on its own. [y/N] ';
      const answer = await screen.asking(async () => await io.ask(question, over.signal));
      if (over.signal.aborted) return false;
      if (!/^y/i.test(answer ?? '')) return true;
      await cancel();
      return false;
    });
    return {
      end() {
        unbind();
        over.abort();
      },
    };
  };
}
