import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { AcceptRequest } from '../../project/tasks.ts';
import { verifyQuestion, whetherAsStated } from '../../project/questions.ts';
import { ofAnyDatabase, verifyTask } from '../../project/tasks.ts';
import type { Run, Typed } from '../command.ts';
import { withProject } from '../execute.ts';
import { asOfData, look } from '../look.ts';
import { failed } from '../result.ts';
import { checkAdvice, checkLines, checkSummary } from '../screen/checks.ts';

/** `godwit verify` */
export const verify: Run = async (context) => {
  const request = acceptRequest(context.typed);
  if (!request.ok) return failed(request.findings);
  if (request.value !== undefined) return await (await import('./accept.ts')).accept(context, request.value);
  return await compare(context);
};

const compare: Run = async (context) =>
  await withProject(context, { file: context.typed.values['file'] }, async (ready) => {
    const { screen, typed } = context;
    const strict = typed.switches.has('strict');
    const { file } = typed.values;
    const options = { strict, ignore: ready.project.environment.ignore };
    const question = file === undefined ? whetherAsStated(ready.wired.bundle.hash, options) : undefined;
    const looking = verifyTask(ready.project, ready.actor, { strict });
    const task = strict ? looking : ofAnyDatabase(looking);
    screen.live('checking the database');
    const execution = await look(context, ready, {
      task,
      name: verifyQuestion(options),
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

/** `--accept OBJECT --reason TEXT`; undefined: only looked at. */
function acceptRequest({ lists, values, switches }: Typed): Outcome<Omit<AcceptRequest, 'approved'> | undefined> {
  const objects = (lists?.['accept'] ?? []).map((object) => object.trim());
  const reason = values['reason']?.trim() ?? '';
  if (objects.length === 0) {
    if (values['reason'] === undefined) return ok(undefined);
    return err(fault('wrong-usage', { why: '--reason belongs to --accept: it says why a difference is taken.' }));
  }
  const beside = ['strict', 'fresh', 'file'].find((name) => switches.has(name) || values[name] !== undefined);
  if (beside !== undefined)
    return err(
      fault('wrong-usage', { why: `--accept and --${beside} do not go together: it takes what differs now.` }),
    );
  if (reason === '') return err(fault('accept-without-reason'));
  if (objects.includes('')) return err(fault('wrong-usage', { why: '--accept needs the name of an object.' }));
  return ok({ objects, reason });
}
