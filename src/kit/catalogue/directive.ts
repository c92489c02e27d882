import { entries } from './entry.ts';

/** Directives: comments that begin with `godwit:`. */
export const directiveFaults = entries({
  'directive-unknown': {
    title: 'No such directive',
    why: 'A comment that begins with `godwit:` must contain a directive that godwit knows, because a misspelt one would have no effect.',
    fix: 'Use one of: transaction=none, lock-timeout=…, statement-timeout=…, frozen, allow=RULE reason="…", expect QUERY => LITERAL, verify=inside, replaces 1..50.',
    exit: 10,
  },
  'directive-invalid': {
    title: 'A directive has a wrong value',
    why: 'The value is missing or of the wrong kind.',
    fix: 'Follow these examples: transaction=none, lock-timeout=5s, allow=drop-column reason="unused since May", expect select count(*) from users => 3, replaces 1..50.',
    exit: 10,
  },
  'directive-twice': {
    title: 'A directive is given twice',
    why: 'The directive applies to the whole file, so it can have only one value.',
    fix: 'Keep one of them.',
    exit: 10,
  },
  'verify-inside-not-possible': {
    title: 'Checks cannot run inside this migration',
    why: '`verify=inside` runs the checks in the migration’s transaction. This file does not run in a single transaction: it runs in several parts, or outside transactions.',
    fix: 'Remove `verify=inside` to run the checks after the commit, or move the statements that cannot run in a transaction into a migration of their own.',
    exit: 10,
  },
  'directive-misplaced': {
    title: 'A directive is inside a statement',
    why: 'Directives belong in comments before or between statements.',
    fix: 'Move the directive above the statement.',
    exit: 10,
  },
});
