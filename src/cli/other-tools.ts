import type { CatalogueEntry } from '../kit/catalogue/entry.ts';

/** What to type in place of commands that other migration tools have, by the words that people type first. */
const commands: readonly (readonly [words: string, answer: string])[] = [
  ['migrate deploy apply update upgrade latest run sync push', '`godwit up` applies what is pending.'],
  [
    'rollback undo revert downgrade',
    '`godwit down` undoes the last migration, `godwit down --to VERSION` all after a version.',
  ],
  ['redo', 'Run `godwit down`, then `godwit up`.'],
  [
    'reset drop clean fresh refresh wipe',
    '`godwit db reset` empties the embedded database. Other databases are never emptied; `godwit down --to 0` undoes all migrations.',
  ],
  ['history log list ls', '`godwit status` lists the migrations, `godwit runs` who ran what and when.'],
  ['info show current pending state', '`godwit status` shows what is applied and what is pending.'],
  ['version', '`godwit --version` is the version of godwit, `godwit status` that of the database.'],
  ['diff preview dry-run dryrun', '`godwit plan` shows what would run.'],
  [
    'validate lint check test hash',
    '`godwit plan` reads and checks all files and changes nothing; `godwit verify` compares the database with its history.',
  ],
  ['drift', '`godwit verify` compares the database with its history.'],
  [
    'baseline stamp import introspect pull resolve fake mark',
    '`godwit adopt` takes over an existing database: it proves what is there, and records it.',
  ],
  [
    'repair force fix recover',
    'Nothing is to be repaired: run the interrupted command again. `godwit status` shows what is wrong, if anything.',
  ],
  [
    'unlock',
    'Nothing is to be unlocked: the lock of a dead run is free. `godwit up --take-over` ends a run that is alive.',
  ],
  ['generate create add make revision', '`godwit new NAME` creates the next migration.'],
  ['dump schema', '`pg_dump --schema-only --exclude-schema=godwit` writes the schema.'],
  ['seed', 'Write the rows into a migration, or run your own command with `godwit exec -- COMMAND`.'],
  [
    'psql sql query shell console studio',
    '`godwit db sql` runs SQL on the embedded database; for another one, use psql.',
  ],
  ['start', '`godwit db start` starts the embedded PostgreSQL.'],
  ['stop', '`godwit db stop` stops the embedded PostgreSQL, `godwit runs cancel RUN` a run.'],
  ['cancel attach prune verify-chain', '`godwit runs` has this command: see `godwit runs --help`.'],
  ['setup install', '`godwit init` begins a project.'],
];

const answers = new Map(commands.flatMap(([words, answer]) => words.split(' ').map((word) => [word, answer] as const)));

/** These are commands of godwit as well. */
const own: ReadonlyMap<string, string> = new Map([
  ['up', '`godwit up` applies what is pending.'],
  ['down', answers.get('rollback') ?? ''],
  ['new', answers.get('create') ?? ''],
  ['status', answers.get('info') ?? ''],
]);

/** Words in front of the one that counts, as in `db:migrate`, `migrate:up` or `migration generate`. */
const leading = /^(?:db|database|migrations?|migrate|make|schema)$/;

/** What to type in place of a command of another tool (`rollback`, `db:migrate`, `migrate down`). */
export function answerTo(words: readonly string[]): string | undefined {
  const parts = words.slice(0, 2).flatMap((word) => word.toLowerCase().split(':'));
  const [first = ''] = parts;
  const last = parts.findLast((part) => answers.has(part) || own.has(part));
  if (!leading.test(first)) return answers.get(first);
  if (last === undefined) return answers.get(first.startsWith('migrat') ? 'migrate' : first);
  return own.get(last) ?? answers.get(last);
}

type Answer = Pick<CatalogueEntry, 'why' | 'fix'>;

const secretInArguments = 'every process on this machine can read command lines, so a secret must not be in one.';
const inEnvironment = 'Set DATABASE_URL instead, or name an environment with -e.';

/** An address or a password of a database on the command line; it is repeated nowhere. */
export function secretWord(word: string): Answer | undefined {
  const address =
    /^(?:jdbc:)?postgres(?:ql)?(?:\+\w+)?:\/\//i.test(word) || /^[\w+.-]+:\/\/[^/@\s]*:[^\s]*@/.test(word);
  if (!address && !/\bpassword\s*=/i.test(word)) return undefined;
  return { why: `The address of a database is on the command line: ${secretInArguments}`, fix: inEnvironment };
}

const options: readonly (readonly [names: RegExp, fix: string])[] = [
  [
    /^(?:host|port|user|username|dbname|database|db|conn|connection|driver|dialect)$/,
    'The connection is in DATABASE_URL, or in the environment that -e names.',
  ],
  [/^(?:v|verbose|debug|vv|d)$/, '`--json` prints every event; `godwit runs show RUN` shows each statement.'],
  [
    /^(?:dir|migrations-dir|migrations|path|folder|locations?|source)$/,
    'Name the folder by `migrations` in godwit.config.json.',
  ],
  [
    /^(?:f|force|y|non-interactive|auto-approve)$/,
    '`--yes` answers questions, except those about rows and protected environments.',
  ],
  [
    /^(?:n|steps?|count|number|last|all|target|to-version|revision)$/,
    '`--to VERSION` says where to stop; 0 with `down` undoes everything.',
  ],
  [/^(?:fake|baseline|skip)$/, '`godwit adopt` records what the database has already.'],
];

/** Options of other tools that take an address or a password. */
export function answerToSecretOption(bare: string, raw: string): Answer | undefined {
  if (!/^(?:url|u|password|pass|pw|database-url|db-url|dsn|connection-string)$/.test(bare)) return undefined;
  return { why: `There is no option ${raw}: ${secretInArguments}`, fix: inEnvironment };
}

/** What to use in place of an option that other tools have. */
export function answerToOption(bare: string, raw: string): Answer | undefined {
  const fix = options.find(([names]) => names.test(bare))?.[1];
  return fix === undefined ? undefined : { why: `There is no option ${raw}.`, fix };
}
