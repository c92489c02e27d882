import { entries } from './entry.ts';
import { urlFaults } from './url.ts';

/** Wrong command lines and wrong configuration. */
export const usageFaults = {
  ...entries({
    'wrong-usage': {
      title: 'The command line is not understood',
      why: 'A command, option or argument is unknown, missing, or has a value of the wrong kind.',
      fix: 'Run `godwit --help`, or `godwit COMMAND --help` for the options of one command.',
      exit: 2,
    },
    'unknown-code': {
      title: 'No such code',
      why: 'The catalogue of faults has no entry of this name.',
      fix: 'Run `godwit explain` for the list of codes.',
      exit: 2,
    },
    'config-unreadable': {
      title: 'The configuration file cannot be read',
      why: 'It does not exist, is no valid program or JSON, or exports no configuration.',
      fix: 'Correct the file, or name another one with --config.',
      exit: 2,
    },
    'config-invalid': {
      title: 'The configuration is wrong',
      why: 'A key is unknown or has a value of the wrong kind.',
      fix: 'Correct the key named above.',
      exit: 2,
    },
    'environment-unknown': {
      title: 'No such environment',
      why: 'The configuration does not define it.',
      fix: 'Name a defined one with -e, or add it to the configuration.',
      exit: 2,
    },
    'environment-unnamed': {
      title: 'A database on another machine needs a name',
      why: 'DATABASE_URL points to a host that is not this machine, and no configuration says what it is.',
      fix: 'Give the environment a name: `-e dev`. It is pinned in godwit.lock.json and checked from then on.',
      exit: 10,
    },
    'lock-file-invalid': {
      title: 'godwit.lock.json cannot be read',
      why: 'The file that pins environments to databases is damaged.',
      fix: 'Restore it from version control, or remove it to pin the environments anew.',
      exit: 2,
    },
    'plan-file-invalid': {
      title: 'The plan file cannot be used',
      why: 'It does not exist or was not written by `godwit plan --out`.',
      fix: 'Run `godwit plan --out FILE`.',
      exit: 2,
    },
    'name-invalid': {
      title: 'This name cannot be used for a migration',
      why: 'Names consist of letters, digits, `_` and `-`.',
      fix: 'Choose a name such as `add_users`.',
      exit: 2,
    },
    'file-exists': {
      title: 'The file exists already',
      why: 'Godwit never overwrites a file of yours.',
      fix: 'Remove or rename it first.',
      exit: 10,
    },
    'file-unwritable': {
      title: 'A file cannot be written',
      why: 'The operating system refused.',
      fix: 'Check the folder’s permissions and the free space.',
      exit: 2,
    },
    'folder-missing': {
      title: 'The folder of migrations does not exist',
      why: 'There is no such folder in this project.',
      fix: 'Run `godwit init`, or go to the folder of the project.',
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
  }),
  ...urlFaults,
};
