import { entries } from './entry.ts';

/** What can be wrong with the names and kinds of files in the folder of migrations. */
export const folderFaults = entries({
  'migration-no-version': {
    title: 'A file of the folder has no version',
    why: 'Migrations are called VERSION_name.sql, the version in digits, such as 0001_users.sql.',
    fix: 'Rename it; to run it alone: `godwit up --file PATH`.',
    exit: 10,
  },
  'migration-twice': {
    title: 'Two files have the same version',
    why: 'Versions are compared as numbers: 1 and 001 are the same.',
    fix: 'Give one of them another version.',
    exit: 10,
  },
  'migration-odd-name': {
    title: 'A file name with characters that are not allowed',
    why: 'Names of migration files consist of letters, digits, `.`, `_` and `-`, and end in `.sql`.',
    fix: 'Rename the file.',
    exit: 10,
  },
  'migration-not-a-file': {
    title: 'Something called .sql is not a file',
    why: 'It is a folder, a device, a pipe, or a link to nothing.',
    fix: 'Rename or remove it.',
    exit: 10,
  },
  'migration-outside': {
    title: 'A link leads out of the folder of migrations',
    why: 'What is outside of the folder is not reviewed and not versioned with it.',
    fix: 'Replace the link by the file itself.',
    exit: 10,
  },
  'migration-orphan': {
    title: 'A companion file without its migration',
    why: 'A `.down.sql` or `.verify.sql` file belongs to the migration of the same version and name, and there is none.',
    fix: 'Rename it after its migration, or remove it.',
    exit: 10,
  },
  'file-unreadable': {
    title: 'A file cannot be read',
    why: 'It does not exist, or the operating system refused.',
    fix: 'Check the path and its permissions.',
    exit: 10,
  },
  'file-found-elsewhere': {
    title: 'The file was found under another path',
    why: 'A path that holds in the repository or in a container was typed in another folder.',
    fix: 'Nothing is wrong; type the path that is shown to be rid of this note.',
    severity: 'note',
    exit: 0,
  },
  'file-moved-on': {
    title: 'A file changed while it was read',
    why: 'Its bytes are not those that the checksum was made of a moment ago.',
    fix: 'Run the command again.',
    retryable: true,
    exit: 10,
  },
});
