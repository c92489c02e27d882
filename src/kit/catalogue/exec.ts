import { entries } from './entry.ts';

/** What may be said of a command in place of the general texts, which are about migrations. */
interface CommandText {
  /** In place of the general cause. */
  readonly why?: string;
  /** In place of the general fix, and of one that speaks of migrations. */
  readonly fix: string;
}

const lookAtIt = 'Check what the command did before you run it again: `godwit runs show RUN` shows what is recorded.';

/** Codes that a run of `exec` can end with as well as a run of migrations. */
export const commandTexts: Readonly<Record<string, CommandText>> = {
  interrupted: { why: 'The command was asked to stop.', fix: 'Check what the command did before you run it again.' },
  busy: {
    fix: 'Wait until the other run has finished; `godwit runs list` shows it. `--wait 5min` waits longer, `--take-over` ends the other run, and `--no-lock` runs the command while the other one works.',
  },
  'taken-over': {
    why: 'The other run took the database with --take-over, so godwit ended the command of this run.',
    fix: 'Check what the command did before you run it again; `godwit runs list` shows the other run.',
  },
  'took-over': { fix: 'Nothing to do. What the other run did is recorded.' },
  'outcome-unknown': { fix: lookAtIt },
  'job-start-unknown': {
    fix: 'When the platform is reachable again, `godwit runs attach RUN` finds the run if it exists. Check whether the command was executed before you run it again.',
  },
  'job-repeated': { fix: lookAtIt },
  'job-out-of-memory': { fix: lookAtIt },
  'job-timeout': {
    fix: 'Raise `timeout` in the environment’s engine, for example to "6h". Check what the command did before you run it again.',
  },
  'job-cancelled': { fix: lookAtIt },
  'job-died': { fix: lookAtIt },
  'job-lost': { fix: lookAtIt },
  'log-incomplete': {
    fix: 'Look for exclusion filters: `gcloud logging sinks describe _Default`. `godwit runs show RUN` shows how the command ended.',
  },
  'lines-lost': { fix: '`godwit runs show RUN` shows how the command ended.' },
};

/** What stands in place of a fix if the command did not begin. */
export const notExecuted = 'The command was not executed: run it again.';

/** Commands of the user's own, executed next to the database, and hooks. */
export const execFaults = entries({
  'command-failed': {
    title: 'The command failed',
    why: 'The command exited with a code other than 0, or a signal ended it.',
    fix: 'See its output above. Godwit cannot undo what the command did before it failed; check the database before you rerun it.',
    exit: 40,
  },
  'command-timeout': {
    title: 'The command exceeded its time limit',
    why: 'The command was still running when its time was up, so godwit ended it.',
    fix: 'Allow more time with `--timeout 2h`, or find out what the command waited for.',
    exit: 40,
  },
  'command-not-started': {
    title: 'The command could not be started',
    why: 'The program does not exist where the command runs, or is not executable.',
    fix: 'The first word after `--` names a program on the machine where the engine runs: this machine, or the container image (`image.own`, `--image`). No shell interprets the command; for pipes, write `-- sh -c "…"`.',
    exit: 10,
  },
  'command-lost': {
    title: 'The outcome of the command is not known',
    why: 'The runner that supervised the command has ended, or could not record how the command ended.',
    fix: 'Check the database for the effect of the command, then run the command again if necessary.',
    exit: 42,
  },
  'processes-left': {
    title: 'The command left processes behind',
    why: 'The command had ended, but processes that it started were still running or held its output open.',
    fix: 'Nothing to do: godwit ended these processes. Let the command wait for the processes that it starts.',
    severity: 'warning',
    exit: 0,
  },
  'hook-failed': {
    title: 'A hook failed after the run',
    why: 'All migrations are applied and verified, but a command of `after.up` failed.',
    fix: 'Correct what the command found, then run `godwit up` again: it executes the hooks that have not passed.',
    exit: 50,
  },
  'hooks-left': {
    title: 'The hooks were not executed',
    why: 'A detached run has no controller that could execute hooks after it.',
    fix: 'Run `godwit up` again when the run has ended: it applies nothing twice, and executes the hooks.',
    severity: 'warning',
    exit: 0,
  },
  'not-promoted': {
    title: 'A required environment does not have these migrations yet',
    why: 'The configuration requires another environment to have all migrations applied and its hooks passed first.',
    fix: 'Run `godwit up` in that environment first.',
    exit: 10,
  },
});
