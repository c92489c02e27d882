import { entries } from './entry.ts';

/** Faults of commands that work on many databases. */
export const fleetFaults = entries({
  'list-invalid': {
    title: 'The list of databases cannot be used',
    why: 'The file cannot be read, names no database, or a line is neither the name of a database, nor a URL, nor `schema=NAME`.',
    fix: 'Write one database a line: the name of a database on the server of the environment, a whole URL, or `schema=NAME`.',
    exit: 2,
  },
  'listed-twice': {
    title: 'A database is listed twice',
    why: 'Two entries of the list lead to the same place, so that two runs would work there.',
    fix: 'Remove one of the two.',
    exit: 2,
  },
  'fleet-remote': {
    title: 'Many databases at once are not reached by jobs',
    why: 'The environment executes its work remotely. --databases works only where this machine reaches the databases.',
    fix: 'Run the command inside the private network, with an environment that has no `engine`, or once for each database.',
    exit: 2,
  },
  'fleet-stopped': {
    title: 'Not all databases were begun',
    why: 'Too many runs had failed before.',
    fix: 'Correct what failed, then run the same command: what is applied stays, and the rest follows.',
    exit: 10,
    severity: 'warning',
  },
  'fleet-narrowed': {
    title: 'Fewer databases are worked on at once',
    why: 'The server does not have enough free connections.',
    fix: 'Nothing to do. To work on more of them at once, raise max_connections or the limit of the role.',
    exit: 10,
    severity: 'warning',
  },
  'schema-missing': {
    title: 'The schema does not exist',
    why: 'Unqualified names would be created in another schema than the listed one.',
    fix: 'Check the name in the list, or create the schema.',
    exit: 10,
  },
});
