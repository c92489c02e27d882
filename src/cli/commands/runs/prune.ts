import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { Pruning } from '../../../migrate/contract/pruning.ts';
import { inspectTask, pruneTask } from '../../../operations/tasks.ts';
import { defineCommand, type Context, type Result, type Run } from '../../command.ts';
import type { Ready } from '../../../operations/ready.ts';
import { executeQuietly, executeWithEvents, resultOfShown, withProject } from '../../execute.ts';
import { flag, pastTime } from '../../options/kinds.ts';
import { failed } from '../../result.ts';
import { countOf } from '../../screen/format.ts';
import { localTime } from '../../screen/local-time.ts';
import { pruningLines } from '../../screen/pruning.ts';

export const spec = defineCommand({
  name: 'runs prune',
  summary: 'Remove the audit records of old runs: events, and runs that recorded no migration',
  about: [
    'What is applied, by which run and by whom, remains. Pruning is a run of its own that records what it removed; `runs verify-chain` still proves what is left. godwit refuses to prune an audit log that is incomplete.',
  ],
  options: {
    before: pastTime('DATE', 'of runs that ended before this day or time, in UTC: 2026-01-31'),
    dryRun: flag('show what would be removed'),
  },
  examples: [
    { type: 'godwit runs prune --before 2026-01-31 --dry-run', does: 'show how much would be removed' },
    { type: 'godwit runs prune --before 2026-01-31 --yes', does: 'for a monthly job' },
  ],
  advanced: true,
});

export const run: Run<typeof spec> = async (context) => {
  const { before, dryRun } = context.options;
  return await withProject(context, { migrations: false, changes: !dryRun }, async (ready) =>
    dryRun ? await preview(context, ready, before) : await pruneBefore(context, ready, before),
  );
};

async function preview(context: Context, ready: Ready, before: string): Promise<Result> {
  const seen = await look(context, ready, before);
  if (seen.pruning !== undefined) sayWhatGoes(context, seen.pruning, 'Would be pruned');
  return seen.result;
}

async function pruneBefore(context: Context, ready: Ready, before: string): Promise<Result> {
  const { screen } = context;
  const approved = await approval(context, ready, before);
  if (!approved.ok) return failed(approved.findings);
  const task = await pruneTask(ready.project, ready.actor, { before, approved: approved.value });
  screen.live('verifying the audit chain');
  const execution = await executeWithEvents({ ...context, command: 'prune' }, ready, task, () => {});
  screen.settle();
  const { run, events, exitCode, outcome, findings } = execution;
  if (execution.left === true) return resultOfShown(context, ready, execution);
  if (events.length === 0) return failed(findings, { run });
  const pruning = events.findLast((event) => event.kind === 'pruning')?.pruning;
  if (exitCode === 0 && outcome === 'nothing-to-do') sayWhatGoes(context, pruning ?? nothing(before), '');
  else if (exitCode === 0 && pruning !== undefined) sayPruned(context, pruning, run);
  return { exitCode, outcome, findings, data: { run, ...(pruning === undefined ? {} : { pruning }) } };
}

/** Asks the runner what would be removed. */
async function look(
  context: Context,
  ready: Ready,
  before: string,
): Promise<{ readonly result: Result; readonly pruning?: Pruning }> {
  const task = inspectTask(ready.project, ready.actor, { what: 'prunable', before });
  const execution = await executeQuietly(context, ready, task);
  const { exitCode, outcome, findings, events, run } = execution;
  if (exitCode !== 0)
    return { result: events.length === 0 ? failed(findings, { run }) : { exitCode, outcome, findings } };
  const pruning = events.findLast((event) => event.kind === 'pruning')?.pruning ?? nothing(before);
  return { result: { exitCode, outcome, findings, data: { pruning } }, pruning };
}

/** The pruning of a database without a history. */
function nothing(before: string): Pruning {
  return { before, runs: 0, gone: 0, events: 0, statements: 0, attempts: 0 };
}

/**
 * Shows what would be removed and asks for a yes; in a protected environment, for its name. `--yes` answers in the
 * other environments. If the command cannot ask, the runner refuses a protected environment.
 */
async function approval(context: Context, ready: Ready, before: string): Promise<Outcome<boolean>> {
  const { io, screen, globals } = context;
  const { name, protected: isProtected } = ready.project.environment;
  const cannotAsk = !io.interactive || screen.json;
  if (!isProtected && globals.yes) return ok(false);
  if (cannotAsk && isProtected) return ok(false);
  if (cannotAsk)
    return refused(
      'Pruning cannot be undone, and the command cannot ask for confirmation here.',
      'Add `--yes`; `--dry-run` shows what would be removed.',
    );
  const seen = await look(context, ready, before);
  if (seen.pruning === undefined) return err(...seen.result.findings);
  // The runner reports that there is nothing to do.
  if (seen.pruning.runs === 0) return ok(true);
  sayWhatGoes(context, seen.pruning, 'To be pruned');
  const question = isProtected ? `\n${name} is protected. Type its name to prune: ` : '\nPrune? [y/N] ';
  const answer = (await io.ask(question))?.trim() ?? '';
  if (context.signal.aborted)
    return err(fault('interrupted', { why: 'Cancelled at the confirmation prompt; nothing was changed.' }));
  if (isProtected)
    return answer === name
      ? ok(true)
      : err(
          fault('needs-approval', {
            why: 'The name of the environment was not typed; nothing was changed.',
            fix: `Type \`${name}\` when asked.`,
          }),
        );
  return /^y(es)?$/i.test(answer)
    ? ok(false)
    : refused('You did not answer yes; nothing was changed.', 'Answer `y`, or add `--yes`.');
}

function refused(why: string, fix: string): Outcome<never> {
  return err(fault('prune-refused', { why, fix }));
}

function sayWhatGoes({ screen }: Context, pruning: Pruning, title: string): void {
  const until = localTime(pruning.before);
  if (pruning.runs === 0) screen.say('', `${screen.style.green('✔')} Nothing to prune before ${until}.`);
  else screen.say('', `${title}, of what ended before ${until}:`, ...pruningLines(pruning));
}

function sayPruned({ screen }: Context, pruning: Pruning, run: string): void {
  const { style } = screen;
  screen.say(
    '',
    ...pruningLines(pruning),
    `${style.green('✔')} ${countOf(pruning.runs, 'run')} pruned; the record of what was applied, and by whom, remains.  ${style.dim(`run ${run}`)}`,
  );
}
