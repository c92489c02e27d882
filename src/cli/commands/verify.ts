import { verifyQuestion, whetherAsStated } from '../../project/questions.ts';
import { verifyTask } from '../../project/tasks.ts';
import type { Run } from '../command.ts';
import { withProject } from '../execute.ts';
import { asOfData, look } from '../look.ts';
import { failed } from '../result.ts';
import { checkAdvice, checkLines, checkSummary } from '../screen/checks.ts';

/** `godwit verify` */
export const verify: Run = async (context) =>
  await withProject(context, { file: context.typed.values['file'] }, async (ready) => {
    const { screen, typed } = context;
    const strict = typed.switches.has('strict');
    const { file } = typed.values;
    const question = file === undefined ? whetherAsStated(ready.wired.bundle.hash, strict) : undefined;
    const task = verifyTask(ready.project, ready.actor, { strict });
    screen.live('checking the database');
    const execution = await look(context, ready, {
      task,
      name: verifyQuestion(strict),
      ...(question === undefined ? {} : { question }),
    });
    if (execution.events.length === 0) return failed(execution.findings);
    const checks = execution.events.flatMap((event) => (event.kind === 'checks' ? event.checks : []));
    const { exitCode, outcome, findings } = execution;
    const isAnswered = exitCode === 0 || exitCode === 50;
    if (isAnswered || checks.length > 0)
      screen.say('', ...checkLines(checks, screen.style), ...checkAdvice(checks, screen.style));
    const symbol = exitCode === 0 ? screen.style.green('✔') : screen.style.red('✘');
    if (isAnswered) {
      screen.say(
        outcome === 'nothing-to-do'
          ? `${symbol} Nothing is applied: nothing to verify.`
          : `${symbol} ${checkSummary(checks)}.`,
      );
    }
    return { exitCode, outcome, findings, data: { checks, ...asOfData(execution.known) } };
  });
