import { count, path, text } from './kinds.ts';

// Options of commands that work on many databases.

export const databases = path(
  'FILE',
  'work on each database in FILE, one a line: a name, a URL or schema=NAME; - reads standard input',
);
export const databasesQuery = text('SQL', 'the same, with the names or URLs that this query returns');
export const schemasQuery = text(
  'SQL',
  'the same, with each schema of the environment’s database that this query returns',
);
export const parallel = count('N', 'how many databases to work on at once (default: 8)');
export const canary = count('N', 'begin the others only when N databases have succeeded (default: 1)');
export const stopAfter = count('N', 'begin no other database once N have failed; 0: try all (default: 10)');
