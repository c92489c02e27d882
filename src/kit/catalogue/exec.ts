import { entries } from './entry.ts';

/** Commands of the user's own, executed next to the database, and hooks. */
export const execFaults = entries({
  'command-failed': {
    title: 'The command failed',
    why: 'It ended with an exit code other than 0, or a signal ended it.',
    fix: 'Its output stands above. What it had changed in the database before it failed is its own matter: look there before it runs again.',
    exit: 40,
  },
  'command-timeout': {
    title: 'The command took longer than it may',
    why: 'Its time was over; it was asked to end, and ended.',
    fix: 'Give it more time with `--timeout 2h`, or find out what it waited for.',
    exit: 40,
  },
  'command-not-started': {
    title: 'The command could not be started',
    why: 'There is no such program where it would be executed, or it may not be executed.',
    fix: 'The first word behind `--` is a program of the place where the engine works: of this machine, or of the image (`image.own`, `--image`). No shell is there to interpret it: for pipes and the like write `-- sh -c "…"`.',
    exit: 10,
  },
  'command-lost': {
    title: 'What became of the command is not known',
    why: 'The runner that watched over it has gone, or could not write down how it ended.',
    fix: 'Look into the database for what the command was to do, then run it again if need be.',
    exit: 42,
  },
  'processes-left': {
    title: 'The command had left processes behind',
    why: 'It had ended, and what it had started was still at work or held its output open.',
    fix: 'They were ended. Let the command wait for what it starts.',
    severity: 'warning',
    exit: 0,
  },
  'hook-failed': {
    title: 'A hook failed after the run',
    why: 'Everything is applied and verified, and a command of `after.up` did not pass.',
    fix: 'Correct what it found, then `godwit up` again: it executes the hooks that have not passed.',
    exit: 50,
  },
  'hooks-left': {
    title: 'The hooks were not executed',
    why: 'Nobody stays with a detached run, so that nobody executes what follows it.',
    fix: 'Run `godwit up` again when it has ended: nothing is applied twice, and the hooks are executed.',
    severity: 'warning',
    exit: 0,
  },
  'not-promoted': {
    title: 'The other environment is not as far',
    why: 'The configuration requires another environment to have all migrations, with its hooks passed, first.',
    fix: 'Bring them there first.',
    exit: 10,
  },
});
