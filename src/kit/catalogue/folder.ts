import { entries } from './entry.ts';

/** What can be wrong with the names and kinds of files in the folder of migrations. */
export const folderFaults = entries({
  'migration-no-version': {
    title: 'A file in the migrations folder has no version',
    why: 'Migration files are named VERSION_name.sql, with the version in digits, such as 0001_users.sql.',
    fix: 'Rename the file. To run it as a standalone script: `godwit up --file PATH`.',
    exit: 10,
  },
  'migration-twice': {
    title: 'Two files have the same version',
    why: 'Versions are compared as numbers: 1 and 001 are the same.',
    fix: 'Give one of them another version.',
    exit: 10,
  },
  'migration-odd-name': {
    title: 'A file name contains characters that are not allowed',
    why: 'Names of migration files consist of letters, digits, `.`, `_` and `-`, and end in `.sql`.',
    fix: 'Rename the file.',
    exit: 10,
  },
  'migration-not-a-file': {
    title: 'A name that ends in .sql does not belong to a file',
    why: 'The entry is a folder, a device, a pipe, or a broken link.',
    fix: 'Rename or remove it.',
    exit: 10,
  },
  'migration-outside': {
    title: 'A link leads out of the migrations folder',
    why: 'Files outside the folder are not reviewed and versioned together with it.',
    fix: 'Replace the link with the file itself.',
    exit: 10,
  },
  'migration-orphan': {
    title: 'A companion file has no migration',
    why: 'A `.down.sql` or `.verify.sql` file belongs to the migration with the same version and name, and the folder does not contain one.',
    fix: 'Rename the file to match its migration, or remove it.',
    exit: 10,
  },
  'foreign-layout': {
    title: 'The folder of migrations belongs to another tool and cannot be read',
    why: 'Its files follow the conventions of another migration tool in a way that Godwit does not read, so running them could do something else than that tool would.',
    fix: 'See docs/coming-from.md for the way on with each tool.',
    exit: 10,
  },
  'folder-empty': {
    title: 'The folder holds no migration',
    why: 'There is no SQL file in the folder of migrations, so there is nothing to run.',
    fix: '`godwit new NAME` writes the first one. If they are elsewhere, name their folder in the configuration: `"migrations": "…"`.',
    severity: 'warning',
    exit: 10,
  },
  'folder-unread': {
    title: 'Some SQL files are not read',
    why: 'Only files directly in the folder of migrations are migrations, not those in folders inside or next to it.',
    fix: 'Ignore this if they are something else. Otherwise move them into the folder of migrations.',
    severity: 'note',
    exit: 10,
  },
  'file-unreadable': {
    title: 'A file cannot be read',
    why: 'The file does not exist, or the operating system denied access.',
    fix: 'Check the path and its permissions.',
    exit: 10,
  },
  'file-found-elsewhere': {
    title: 'The file was found under another path',
    why: 'The path that you typed is valid in the repository or in a container, but not in the current directory.',
    fix: 'Nothing to do. To avoid this note, type the path that is shown.',
    severity: 'note',
    exit: 0,
  },
  'file-moved-on': {
    title: 'A file changed while it was being read',
    why: 'Its bytes differ from those that the checksum was computed from a moment earlier.',
    fix: 'Run the command again.',
    retryable: true,
    exit: 10,
  },
});
