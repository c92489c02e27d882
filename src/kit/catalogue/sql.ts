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
      why: 'PostgreSQL’s grammar follows some thousand levels of parentheses, calls or operators, and this statement has more.',
      fix: 'Write it flatter: for values in a long chain of OR, UNION or `||` use IN, VALUES or concat().',
      exit: 10,
    },
    'sql-nul': {
      title: 'The file contains a NUL byte',
      why: 'PostgreSQL ends a text at NUL: everything behind it would be lost without a word.',
      fix: 'Remove the byte; if the file is UTF-16, save it as UTF-8.',
      exit: 10,
    },
    'sql-encoding': {
      title: 'The file is not valid UTF-8',
      why: 'A byte is not part of a UTF-8 character. Such bytes would silently become replacement characters.',
      fix: 'Save the file as UTF-8 (for Latin-1 text: `iconv -f latin1 -t utf-8 OLD > NEW`).',
      exit: 10,
    },
    'sql-unicode-space': {
      title: 'A space that PostgreSQL does not take for one',
      why: 'A no-break space or another Unicode space stands outside of strings and comments. It often comes from text copied out of a page.',
      fix: 'Replace the character by a plain space.',
      exit: 10,
    },
    'sql-unterminated-string': {
      title: 'A string is not closed',
      why: 'The quote at this place has no counterpart, so everything behind it is part of the string.',
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
      why: 'The tag at this place does not occur again. Tags must be the same to the letter, case included.',
      fix: 'Close it with the same tag, such as `$$` or `$body$`.',
      exit: 10,
    },
    'sql-unterminated-copy': {
      title: 'The rows of COPY … FROM stdin have no end',
      why: 'There is no line `\\.` behind them (or no `;` behind the statement), so everything to the end of the file would be rows.',
      fix: 'Put a line with `\\.` alone behind the last row. To read a file of the server, name it instead of stdin.',
      exit: 10,
    },
    'sql-copy-line': {
      title: 'Text behind COPY … FROM stdin;',
      why: 'The rows begin on the next line; what stands on this line would be lost.',
      fix: 'Begin the rows on a new line.',
      exit: 10,
    },
    'sql-psql-command': {
      title: 'A command of psql, not SQL',
      why: 'Lines that begin with a backslash are run by psql, and no psql takes part here.',
      fix: 'Remove it, or write what it does in SQL.',
      exit: 10,
    },
    'sql-psql-variable': {
      title: 'A variable of psql',
      why: 'psql replaces `:name`, `:\'name\'` and `:"name"` before it sends a statement; the server does not know them.',
      fix: 'Write the value into the SQL itself.',
      exit: 10,
    },
    'sql-transaction-control': {
      title: 'The file controls the transaction in a way that cannot be kept',
      why: 'Godwit records each transaction of a migration inside of it. BEGIN … COMMIT around the file or its parts is kept; what would undo a part, or comes too late, is not.',
      fix: 'Remove the statement, or write BEGIN … COMMIT around what belongs together. For statement by statement: `-- godwit: transaction=none`.',
      exit: 10,
    },
    'sql-nested-begin': {
      title: 'BEGIN inside of a transaction',
      why: 'PostgreSQL has no nested transactions: the second BEGIN does nothing, and the first COMMIT ends the transaction.',
      fix: 'Remove the inner BEGIN and its COMMIT; to undo a part only, use SAVEPOINT and ROLLBACK TO.',
      severity: 'warning',
      exit: 0,
    },
    'sql-not-in-transaction': {
      title: 'A statement that cannot run in a transaction',
      why: 'The server refuses it between BEGIN and COMMIT, and this file has its own pair around it.',
      fix: 'Move it behind COMMIT, or remove BEGIN and COMMIT: godwit then runs this statement alone.',
      exit: 10,
    },
    'sql-string-mode': {
      title: 'The file switches standard strings off',
      why: 'With standard_conforming_strings off, a backslash in a plain string is an escape, and the borders of statements move.',
      fix: "Remove the setting and write strings with escapes as E'…'.",
      exit: 10,
    },
    'sql-client-encoding': {
      title: 'The file sets another client encoding',
      why: 'Migration files are UTF-8 and are sent as they are; the server would misread them, and what follows them.',
      fix: 'Save the file as UTF-8 and remove the setting.',
      exit: 10,
    },
    'sql-index-unnamed': {
      title: 'An index built concurrently has no name',
      why: 'If its build is interrupted, a half-built index stays. Without a name it cannot be found and repaired.',
      fix: 'Give it a name: CREATE INDEX CONCURRENTLY name ON ….',
      exit: 10,
    },
    'sql-crosses-border': {
      title: 'Something of the session would be needed after the session may have changed',
      why: 'The file runs in several parts, because it holds COMMIT or statements that cannot run in a transaction. Temporary tables, prepared statements, savepoints and session locks do not survive if it resumes on another connection.',
      fix: 'Make and use them in one part: move the COMMIT, or the statement that cannot run in a transaction, before or behind them.',
      exit: 10,
    },
    'sql-too-many-problems': {
      title: 'Further problems are not listed',
      why: 'The file has more problems than are worth listing.',
      fix: 'Correct those above, then run again.',
      exit: 10,
    },
  }),
  ...directiveFaults,
  ...folderFaults,
};
