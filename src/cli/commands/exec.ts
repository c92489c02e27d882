import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { exec } from '../../operations/exec.ts';
import { defaultWaitMs, type ExecRequest } from '../../operations/tasks.ts';
import { defineCommand, type CommandContext, type Run } from '../command.ts';
import { operationOf, resultOfOperation, withProject } from '../execute.ts';
import { flag, text, timeLimit } from '../options/kinds.ts';
import { takeOver, wait } from '../options/shared.ts';
import { failed } from '../result.ts';

export const spec = defineCommand({
  name: 'exec',
  summary: 'Run a command of your own next to the database: another migrator, a test suite',
  about: [
    'The command runs where migrations run: on this machine, or in a job inside the private network, in the image of the environment (`image.own`) or in `--image`. It receives the address of the database as DATABASE_URL, and GODWIT_RUN and GODWIT_ENVIRONMENT; no shell interprets its arguments. First, godwit checks the database as it does before a migration. While the command runs, it holds the database, so that no other run of godwit changes anything (`--no-lock` turns this off). The command and its result are recorded.',
    'godwit passes the output on; of very long output, the beginning and the end. The exit code is 0 or 40; --json reports the exit code of the command itself.',
  ],
  behind: { name: 'COMMAND ARGS…', summary: 'the program and its arguments', example: 'npm test' },
  options: {
    image: text('REF', 'the image to run the command in, in place of the configured one'),
    timeout: timeLimit('how long the command may take, such as 10min or 2h (default: no limit; in a job 24h)'),
    noLock: flag('do not hold the database: other runs may change it meanwhile'),
    detach: flag('start the command and leave it; `runs attach` follows it'),
    wait,
    takeOver,
  },
  examples: [
    { type: 'godwit exec -- npm test', does: 'run the tests against the local database' },
    { type: 'godwit exec -e dev -- alembic upgrade head', does: 'run another migrator inside the private network' },
    { type: 'godwit exec -e dev --no-lock --timeout 10min -- npm run smoke', does: 'while migrations may run' },
  ],
  events: true,
});

export const run: Run<typeof spec> = async (context) => {
  const request = requestOf(context);
  if (!request.ok) return failed(request.findings);
  const { detach: detached, image } = context.options;
  const needs = { migrations: false, commands: true, changes: true, detached, image };
  return await withProject(context, needs, async (ready) => {
    const conclusion = await exec(operationOf(context, ready), request.value, detached);
    return resultOfOperation(context, ready, conclusion);
  });
};

function requestOf({ options, behind }: CommandContext<typeof spec>): Outcome<ExecRequest> {
  const { takeOver, timeout } = options;
  const alone = !options.noLock;
  if (takeOver && !alone)
    return err(
      fault('wrong-usage', {
        why: '--take-over and --no-lock cannot be combined: with --no-lock the command does not hold the database.',
      }),
    );
  return ok({
    words: behind,
    waitMs: options.wait ?? defaultWaitMs,
    alone,
    takeOver,
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  });
}
