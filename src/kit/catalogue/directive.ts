import { entries } from './entry.ts';

/** Directives: comments that begin with `godwit:`. */
export const directiveFaults = entries({
  'directive-unknown': {
    title: 'No such directive',
    why: 'A comment that begins with `godwit:` must be one that godwit knows; a misspelt one would have no effect.',
    fix: 'Known are transaction=none, lock-timeout=…, statement-timeout=…, frozen, allow=RULE reason="…", expect QUERY => LITERAL, verify=inside, replaces 1..50.',
    exit: 10,
  },
  'directive-invalid': {
    title: 'A directive has a wrong value',
    why: 'Its value is missing or not of the kind it needs.',
    fix: 'See the examples: transaction=none, lock-timeout=5s, allow=drop-column reason="unused since May", expect select count(*) from users => 3, replaces 1..50.',
    exit: 10,
  },
  'directive-twice': {
    title: 'A directive is given twice',
    why: 'It holds for the whole file, so it can have one value only.',
    fix: 'Keep one of them.',
    exit: 10,
  },
  'verify-inside-not-possible': {
    title: 'Checks cannot run inside of this migration',
    why: '`verify=inside` runs them in the transaction of the migration, and this file does not run in one: it is executed in several parts, or outside of transactions.',
    fix: 'Take `verify=inside` out, so that the checks run after the commit, or move what cannot run in a transaction into a migration of its own.',
    exit: 10,
  },
  'directive-misplaced': {
    title: 'A directive stands inside a statement',
    why: 'Directives stand in comments before or between statements.',
    fix: 'Move it above the statement.',
    exit: 10,
  },
});
