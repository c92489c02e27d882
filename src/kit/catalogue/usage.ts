import { entries } from './entry.ts';

/** Wrong command lines and wrong configuration. */
export const usageFaults = entries({
  'wrong-usage': {
    title: 'The command line is not understood',
    why: 'A command, option or argument is unknown, missing, or has a value of the wrong kind.',
    fix: 'Run `godwit --help`, or `godwit COMMAND --help` for the options of one command.',
    exit: 2,
  },
  bug: {
    title: 'This is a bug in godwit',
    why: 'Something happened that godwit does not expect.',
    fix: 'Please report it, with the command and the text above.',
    exit: 70,
  },
  interrupted: {
    title: 'Interrupted',
    why: 'The run was asked to stop; what was applied before stands and is recorded.',
    fix: 'Run the same command again: it goes on where it stopped.',
    retryable: true,
    exit: 130,
  },
});
