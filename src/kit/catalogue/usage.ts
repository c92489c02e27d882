import { entries } from './entry.ts';
import { urlFaults } from './url.ts';

/** Wrong command lines and wrong configuration. */
export const usageFaults = {
  ...entries({
    'wrong-usage': {
      title: 'The command line is not valid',
      why: 'A command, option or argument is unknown, missing, or has a value of the wrong kind.',
      fix: 'Run `godwit --help`, or `godwit COMMAND --help` for the options of one command.',
      exit: 2,
    },
    'unknown-code': {
      title: 'No such code',
      why: 'The catalogue of faults does not contain this code.',
      fix: 'Run `godwit explain` for the list of codes.',
      exit: 2,
    },
    'credential-in-text': {
      title: 'The text holds a credential',
      why: 'Everybody who can read the text can use the credential.',
      fix: 'Replace the credential, and remove the text from where others can read it: the log of a pipeline, an issue, a chat.',
      severity: 'warning',
      exit: 0,
    },
    'config-unreadable': {
      title: 'The configuration file cannot be read',
      why: 'The file does not exist, is not a valid program or JSON, or does not export a configuration.',
      fix: 'Correct the file, or name another one with --config.',
      exit: 2,
    },
    'config-invalid': {
      title: 'The configuration is invalid',
      why: 'A key is unknown or has a value of the wrong kind.',
      fix: 'Correct the key named above.',
      exit: 2,
    },
    'environment-unknown': {
      title: 'No such environment',
      why: 'The configuration does not define an environment with this name.',
      fix: 'Name a defined environment with -e, or add this one to the configuration.',
      exit: 2,
    },
    'environment-unnamed': {
      title: 'A database on another machine needs a name',
      why: 'DATABASE_URL points to another host, and the configuration does not say which environment that is.',
      fix: 'Give the environment a name, for example `-e dev`. Godwit pins it in godwit.lock.json and checks it from then on.',
      exit: 10,
    },
    'lock-file-invalid': {
      title: 'godwit.lock.json cannot be read',
      why: 'The file that pins environments to databases is damaged.',
      fix: 'Restore it from version control, or remove it to pin the environments again.',
      exit: 2,
    },
    'plan-file-invalid': {
      title: 'The plan file cannot be used',
      why: 'The file does not exist, or `godwit plan --out` did not write it.',
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
      title: 'The file already exists',
      why: 'Godwit never overwrites your files.',
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
      title: 'The migrations folder does not exist',
      why: 'This project has no such folder.',
      fix: 'Run `godwit init`, or change to the project’s folder.',
      exit: 2,
    },
    bug: {
      title: 'This is a bug in godwit',
      why: 'Something happened that godwit does not expect.',
      fix: 'Please report it, with the command and the text above.',
      exit: 70,
    },
  }),
  ...urlFaults,
};
