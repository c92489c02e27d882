import { entries } from './entry.ts';
import { folderFaults } from './folder.ts';
import { directiveFaults } from './directive.ts';

/** What can be wrong with a migration file and its SQL text. */
export const sqlFaults = {
  ...entries({
    'sql-syntax': {
      title: 'SQL syntax error',
      why: 'PostgreSQL’s grammar does not accept this statement.',
      fix: 'Correct the statement at the place shown.',
      exit: 10,
    },
    'sql-too-deep': {
      title: 'A statement is nested too deeply',
      why: 'PostgreSQL’s parser follows a few thousand levels of parentheses, calls or operators, and this statement has more.',
      fix: 'Flatten the statement: replace a long chain of OR, UNION or `||` with IN, VALUES or concat().',
      exit: 10,
    },
    'sql-nul': {
      title: 'The file contains a NUL byte',
      why: 'PostgreSQL ends a text at NUL, so everything after it would be lost silently.',
      fix: 'Remove the byte; if the file is UTF-16, save it as UTF-8.',
      exit: 10,
    },
    'sql-encoding': {
      title: 'The file is not valid UTF-8',
      why: 'A byte in the file is not part of a UTF-8 character. Such bytes would silently become replacement characters.',
      fix: 'Save the file as UTF-8 (for Latin-1 text: `iconv -f latin1 -t utf-8 OLD > NEW`).',
      exit: 10,
    },
    'sql-unicode-space': {
      title: 'PostgreSQL does not treat this character as a space',
      why: 'A no-break space or another Unicode space is outside strings and comments. Such characters often come from text copied from a web page.',
      fix: 'Replace the character with a plain space.',
      exit: 10,
    },
    'sql-unterminated-string': {
      title: 'A string is not closed',
      why: 'The quote at this place has no counterpart, so the rest of the file is part of the string.',
      fix: "Close it with `'`; write a quote inside a string twice.",
      exit: 10,
    },
    'sql-unterminated-identifier': {
      title: 'A quoted identifier is not closed',
      why: 'The double quote at this place has no counterpart.',
      fix: 'Close it with `"`.',
      exit: 10,
    },
    'sql-unterminated-comment': {
      title: 'A comment is not closed',
      why: 'The `/*` at this place has no counterpart. Comments nest: each `/*` inside needs its own `*/`.',
      fix: 'Close it with `*/`.',
      exit: 10,
    },
    'sql-unterminated-dollar': {
      title: 'A dollar-quoted string is not closed',
      why: 'The tag at this place does not occur again. The closing tag must match exactly, including case.',
      fix: 'Close it with the same tag, such as `$$` or `$body$`.',
      exit: 10,
    },
    'sql-unterminated-copy': {
      title: 'The rows of COPY … FROM stdin have no end',
      why: 'No line `\\.` follows the rows (or no `;` follows the statement), so the rest of the file would be read as rows.',
      fix: 'Put a line with only `\\.` after the last row. To read a file on the server, name it instead of stdin.',
      exit: 10,
    },
    'sql-copy-line': {
      title: 'Text follows COPY … FROM stdin; on the same line',
      why: 'The rows begin on the next line, so the rest of this line would be lost.',
      fix: 'Begin the rows on a new line.',
      exit: 10,
    },
    'sql-psql-command': {
      title: 'A psql command is not SQL',
      why: 'Lines that begin with a backslash are commands of psql, and godwit does not use psql.',
      fix: 'Remove the command, or write its effect in SQL.',
      exit: 10,
    },
    'sql-psql-variable': {
      title: 'A psql variable is not SQL',
      why: 'psql replaces `:name`, `:\'name\'` and `:"name"` before it sends a statement; the server does not know them.',
      fix: 'Write the value directly into the SQL.',
      exit: 10,
    },
    'sql-transaction-control': {
      title: 'The file controls the transaction in a way that godwit cannot preserve',
      why: 'Godwit records each transaction of a migration inside that transaction. BEGIN … COMMIT around the file or its parts is preserved; a statement that would undo a part, or comes too late, is not.',
      fix: 'Remove the statement, or write BEGIN … COMMIT around the statements that belong together. To run statement by statement: `-- godwit: transaction=none`.',
      exit: 10,
    },
    'sql-nested-begin': {
      title: 'BEGIN inside a transaction',
      why: 'PostgreSQL has no nested transactions: the second BEGIN does nothing, and the first COMMIT ends the transaction.',
      fix: 'Remove the inner BEGIN and its COMMIT. To undo only a part, use SAVEPOINT and ROLLBACK TO.',
      severity: 'warning',
      exit: 0,
    },
    'sql-not-in-transaction': {
      title: 'The statement cannot run in a transaction',
      why: 'The server rejects the statement between BEGIN and COMMIT, and this file has BEGIN and COMMIT around it.',
      fix: 'Move the statement after COMMIT, or remove BEGIN and COMMIT: godwit then runs this statement on its own.',
      exit: 10,
    },
    'sql-own-schema': {
      title: 'The file changes schema godwit',
      why: 'Schema `godwit` holds the history: what is applied, and its proof. A file that changes it, calls its functions, or puts it on the search path would make godwit apply migrations twice or not at all.',
      fix: 'Remove the statement; a dump is taken without it by `pg_dump --exclude-schema=godwit`. Files may query its tables, define views over them, and grant SELECT and USAGE to a role; other rights are granted once with psql (docs/history.md).',
      exit: 10,
    },
    'sql-own-schema-body': {
      title: 'A function or DO block seems to change schema godwit',
      why: 'Its text names schema `godwit`, where the history is kept, after INSERT, UPDATE, DELETE, DROP or a similar word. If that runs, godwit can no longer tell what is applied.',
      fix: 'Remove those statements from the body. Queries of the history are fine.',
      severity: 'warning',
      exit: 0,
    },
    'sql-string-mode': {
      title: 'The file turns standard_conforming_strings off',
      why: 'With standard_conforming_strings off, a backslash in a plain string is an escape, which moves the boundaries of statements.',
      fix: "Remove the setting and write strings with escapes as E'…'.",
      exit: 10,
    },
    'sql-client-encoding': {
      title: 'The file sets another client encoding',
      why: 'Migration files are UTF-8, and godwit sends them unchanged. With another client encoding, the server would misread the text after this setting.',
      fix: 'Save the file as UTF-8 and remove the setting.',
      exit: 10,
    },
    'sql-index-unnamed': {
      title: 'An index built concurrently has no name',
      why: 'If its build is interrupted, an invalid index remains. Godwit can find and repair it only by name.',
      fix: 'Give it a name: CREATE INDEX CONCURRENTLY name ON ….',
      exit: 10,
    },
    'sql-crosses-border': {
      title: 'A later part of the file depends on session state that may be lost',
      why: 'The file runs in several parts because it contains COMMIT or statements that cannot run in a transaction. Temporary tables, prepared statements, savepoints and session locks are lost if godwit resumes the file on another connection.',
      fix: 'Create and use them in one part: move the COMMIT, or the statement that cannot run in a transaction, before or after them.',
      exit: 10,
    },
    'sql-too-many-problems': {
      title: 'Further problems are not listed',
      why: 'The file has more problems than godwit lists at once.',
      fix: 'Correct the problems above, then run the command again.',
      exit: 10,
    },
  }),
  ...directiveFaults,
  ...folderFaults,
};
