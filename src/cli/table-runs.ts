import type { CommandSpec, OptionSpec } from './command.ts';

const to: OptionSpec = { name: 'to', value: 'VERSION', summary: 'the last migration to apply' };
const file: OptionSpec = {
  name: 'file',
  value: 'PATH',
  summary: 'one bare SQL file outside the migrations’ folder; its down file is rollback_<name>.sql',
};
const lose: OptionSpec = {
  name: 'lose',
  value: 'N',
  summary: 'rows that a rollback may destroy beyond those the migrations created themselves',
};
const outOfOrder: OptionSpec = {
  name: 'out-of-order',
  summary: 'also apply pending migrations that are older than the newest applied one',
};
const resumeUp: OptionSpec = {
  name: 'resume-up',
  summary: 'do again only what a `down` that stands half-way has undone',
};
const strict: OptionSpec = {
  name: 'strict',
  summary: 'warnings, and objects that could not be compared, fail the run',
};
const plan: OptionSpec = {
  name: 'plan',
  value: 'FILE',
  summary: 'do exactly what this reviewed plan says, or nothing',
};
const wait: OptionSpec = {
  name: 'wait',
  value: 'DURATION',
  summary: 'how long to wait for another run, such as 30s or 5min (default: 60s)',
};
const lockBudget: OptionSpec = {
  name: 'lock-budget',
  value: 'DURATION',
  summary: 'how long a migration may go on trying for locks that others hold (default: 5min)',
};
const takeOver: OptionSpec = {
  name: 'take-over',
  summary: 'end the live run that holds the database, and go on from where it stands; recorded',
};
const onDisconnect: OptionSpec = {
  name: 'on-disconnect',
  value: 'cancel|finish',
  summary: 'what the server does with a statement whose runner has gone (default: cancel)',
};
const waive: OptionSpec = {
  name: 'waive-checkpoint',
  value: 'REASON',
  summary: 'go on without the checkpoint that the policy asks for; the reason is recorded',
};
const destroyRows: OptionSpec = {
  name: 'destroy-rows',
  summary: 'go on although tables or columns that hold rows are dropped or emptied',
};
const fresh: OptionSpec = {
  name: 'fresh',
  summary: 'ask the database now, instead of showing the newest known result (Cloud Run)',
};
const limit: OptionSpec = { name: 'limit', value: 'N', summary: 'how many runs (default: 20)' };

/** Commands that look at a database or change it. */
export const runCommands: readonly CommandSpec[] = [
  {
    name: 'status',
    summary: 'Show what is applied and what is pending',
    options: [
      file,
      fresh,
      {
        name: 'compare',
        value: 'ENV,ENV',
        summary: 'what is applied in each of them (or in `all`), and what one lacks',
      },
    ],
    examples: [
      { type: 'godwit status --compare dev,prod', does: 'what dev has that prod lacks' },
      { type: 'godwit status', does: 'the local environment' },
      { type: 'godwit status -e prod --json', does: 'for scripts' },
    ],
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    name: 'plan',
    summary: 'Show what would run, without changing anything',
    options: [
      { name: 'out', value: 'FILE', summary: 'write the plan to a file, for review and for `up --plan`' },
      to,
      outOfOrder,
      resumeUp,
      file,
      { name: 'down', summary: 'plan the way back: what `down` would undo' },
      fresh,
    ],
    examples: [
      { type: 'godwit plan', does: 'what `up` would do now' },
      { type: 'godwit plan -e prod --out prod.plan.json', does: 'a plan to be reviewed; `up --plan` runs it' },
    ],
    load: async () => (await import('./commands/plan.ts')).plan,
  },
  {
    name: 'up',
    summary: 'Apply pending migrations, verify them, record them',
    about: [
      'Each migration is applied and recorded in one transaction; what it states is then checked in the database. Run it again at any time: it goes on where it stopped, and does nothing when there is nothing to do.',
    ],
    options: [
      to,
      file,
      { name: 'dry-run', summary: 'only show the plan' },
      fresh,
      plan,
      outOfOrder,
      resumeUp,
      { name: 'no-verify', summary: 'do not verify afterwards' },
      strict,
      destroyRows,
      lose,
      waive,
      { name: 'detach', summary: 'let the run go on by itself; `runs attach` shows it' },
      wait,
      lockBudget,
      takeOver,
      onDisconnect,
    ],
    examples: [
      { type: 'godwit up', does: 'apply all pending migrations' },
      { type: 'godwit up --to 12', does: 'up to and including version 12' },
      { type: 'godwit up -e prod --plan prod.plan.json', does: 'apply the reviewed plan, or refuse' },
      { type: 'godwit up --file fix_prices.sql', does: 'one file that belongs to no folder' },
      { type: 'godwit up --file rollback_fix_prices.sql', does: 'undoes it, as `down --file fix_prices.sql` does' },
    ],
    events: true,
    load: async () => (await import('./commands/up.ts')).up,
  },
  {
    name: 'down',
    summary: 'Undo the last migration, or all after a version, by their down files',
    about: ['Where the files of a migration are gone, the text is used that `up` has kept in the history.'],
    options: [
      { name: 'to', value: 'VERSION', summary: 'undo everything after this version (0: everything)' },
      file,
      lose,
      { name: 'dry-run', summary: 'only show the plan' },
      fresh,
      plan,
      waive,
      wait,
      lockBudget,
      takeOver,
      onDisconnect,
      {
        name: 'draft',
        value: 'VERSION',
        summary: 'propose a down file for a migration that has none, and try it on a throwaway server',
      },
      { name: 'write', summary: 'with --draft: write it beside the migration instead of printing it' },
      {
        name: 'major',
        value: 'N',
        summary: 'with --draft: major version of that server (default: the embedded one’s, or 18)',
      },
    ],
    examples: [
      { type: 'godwit down', does: 'undo the last migration' },
      { type: 'godwit down --to 3', does: 'undo 4 and everything after it' },
      { type: 'godwit down --file fix_prices.sql', does: 'runs rollback_fix_prices.sql' },
      { type: 'godwit down --draft 7 --write', does: 'writes a down file for migration 7' },
    ],
    events: true,
    load: async () => (await import('./commands/down.ts')).down,
  },
  {
    name: 'verify',
    summary: 'Check that the database is what the applied migrations state',
    about: [
      'With --accept what was changed by hand becomes what the baseline says, if it may stay: the difference is taken, recorded as a run of its own with the reason, and `verify` tells it no longer. OBJECT is a name as `verify` prints it, with the kind in front if wanted; `*` stands for any characters, `?` for one.',
    ],
    options: [
      strict,
      file,
      fresh,
      {
        name: 'accept',
        value: 'OBJECT',
        many: true,
        summary: 'take its difference into the baseline; may be repeated',
      },
      { name: 'reason', value: 'TEXT', summary: 'why the difference is taken; goes into the history' },
    ],
    examples: [
      { type: 'godwit verify', does: 'names each object that was changed behind the back; exit code 50' },
      { type: 'godwit verify -e prod --strict --json', does: 'for a nightly job' },
      {
        type: 'godwit verify --accept public.users_email_idx --reason "index added by the DBA"',
        does: 'the index belongs to the baseline from now on',
      },
    ],
    load: async () => (await import('./commands/verify.ts')).verify,
  },
  {
    name: 'adopt',
    summary: 'Take over a database whose tables are there already',
    about: [
      'Runs the migrations on a throwaway PostgreSQL of the same major version, compares by names what they make there with what the database has, and records the longest beginning that agrees. Your tables are not changed.',
      'A migration that changes rows, or that fails on the throwaway server, is recorded only where it is named, and then without proof.',
      'With --identity nothing of that: the database that was restored, copied or moved becomes the one of the environment, with its name, an id, and where it is. It is shown before it is asked about, recorded as a run of its own with the reason, and written into godwit.lock.json.',
    ],
    arguments: [
      { name: 'NAME', summary: 'versions or names of migrations; without any: all pending ones', many: true },
    ],
    options: [
      { name: 'dry-run', summary: 'only show what would be recorded, and what differs' },
      { name: 'baseline', value: 'VERSION', summary: 'record everything up to this version without proof' },
      { name: 'export', summary: 'print what is applied as SQL, for a plain history table: the way out' },
      { name: 'identity', summary: 'make this database the one of the environment; adopt no migrations' },
      { name: 'reason', value: 'TEXT', summary: 'with --identity: why it is another one; goes into the history' },
      wait,
    ],
    examples: [
      { type: 'godwit adopt', does: 'records what the database proves to contain' },
      { type: 'godwit adopt --baseline 12', does: 'everything up to 12, saying what was not proven' },
      {
        type: 'godwit adopt --identity --reason "restored after the outage" -e prod',
        does: 'prod is this database now',
      },
      { type: 'godwit adopt --export > history.sql', does: 'leave godwit again' },
    ],
    events: true,
    load: async () => (await import('./commands/adopt.ts')).adopt,
  },
  {
    name: 'runs list',
    summary: 'List the runs, newest first, failed ones included',
    about: [
      'Without -e, where the configuration names several environments: those of all of them, as the ledgers know them.',
    ],
    options: [limit, fresh],
    examples: [
      { type: 'godwit runs list -e prod', does: 'who changed prod, when, with which outcome' },
      { type: 'godwit runs list', does: 'all environments at once, without asking a database' },
    ],
    load: async () => (await import('./commands/runs.ts')).list,
  },
  {
    name: 'runs show',
    summary: 'Show one run: who, from where, what, each statement’s time',
    arguments: [{ name: 'RUN', summary: 'id of the run, or its beginning', required: true }],
    options: [fresh],
    examples: [{ type: 'godwit runs show 01J9', does: 'the beginning of an id will do' }],
    load: async () => (await import('./commands/runs.ts')).show,
  },
  {
    name: 'runs attach',
    summary: 'Follow a run that was started with --detach, or on another machine',
    arguments: [{ name: 'RUN', summary: 'id of the run, or its beginning', required: true }],
    examples: [{ type: 'godwit runs attach 01J9', does: 'shows its events and ends with its exit code' }],
    events: true,
    load: async () => (await import('./commands/attach.ts')).attach,
  },
  {
    name: 'runs cancel',
    summary: 'Ask a run to stop at the next safe point',
    arguments: [{ name: 'RUN', summary: 'id of the run, or its beginning', required: true }],
    examples: [{ type: 'godwit runs cancel 01J9', does: 'what was applied before stands and is recorded' }],
    load: async () => (await import('./commands/attach.ts')).cancel,
  },
  {
    name: 'runs prune',
    summary: 'Remove the audit of old runs: events, and runs that recorded no migration',
    about: [
      'What is applied, by which run and by whom stays. The pruning is a run of its own, which says what went; `runs verify-chain` still proves what is left. It is refused when the audit is not whole.',
    ],
    options: [
      { name: 'before', value: 'DATE', summary: 'of runs that ended before this day, or time, in UTC: 2026-01-31' },
      { name: 'dry-run', summary: 'only show what would go' },
    ],
    examples: [
      { type: 'godwit runs prune --before 2026-01-31 --dry-run', does: 'says how much would go' },
      { type: 'godwit runs prune --before 2026-01-31 --yes', does: 'for a monthly job' },
    ],
    load: async () => (await import('./commands/prune.ts')).prune,
  },
  {
    name: 'runs verify-chain',
    summary: 'Prove that the audit log was not changed',
    arguments: [{ name: 'RUN', summary: 'id of a run, or its beginning; without it, all runs' }],
    examples: [{ type: 'godwit runs verify-chain', does: 'exit code 50 and the run’s id if a row was changed' }],
    load: async () => (await import('./commands/verify-chain.ts')).verifyChain,
  },
];
