import { adopt, deploy, down, exec, plan, status, verify, type Ending, type ProjectOptions } from '../../src/index.ts';

const users = 'create table users (id bigint primary key);';
export const base = {
  'migrations/1_users.sql': users,
  'migrations/1_users.down.sql': 'drop table users;',
  'migrations/2_notes.sql': 'create table notes (id bigint primary key);',
};

/** An environment `dev` with these policies, on the database of the test, and `first` without any. */
function configured(dev: object): Readonly<Record<string, string>> {
  const environments = {
    dev: { database: { env: 'URL' }, checkpoint: 'never', ...dev },
    first: { database: { env: 'FIRST' }, checkpoint: 'never' },
  };
  return { ...base, 'godwit.config.json': JSON.stringify({ environments }) };
}

type Files = Readonly<Record<string, string>>;
type Call = (options: ProjectOptions) => Promise<Ending>;

export interface Situation {
  readonly name: string;
  readonly files?: Files;
  /** Commands that lead to it. */
  readonly before?: readonly string[];
  readonly sql?: string;
  /** Files that are written after that. */
  readonly later?: Files;
  /** What is typed, and what is called. */
  readonly typed: string;
  readonly called: Call;
  readonly exitCode: number;
  readonly codes?: readonly string[];
}

const hooks = (...commands: readonly string[]) =>
  configured({ after: { up: commands.map((command, index) => ({ name: `hook${index}`, command: [command] })) } });

export const situations: readonly Situation[] = [
  { name: 'a fresh database', typed: 'up', called: deploy, exitCode: 0 },
  { name: 'nothing to do', before: ['up'], typed: 'up', called: deploy, exitCode: 0 },
  { name: 'a limit', typed: 'up --to 1', called: (options) => deploy({ ...options, to: '1' }), exitCode: 0 },
  {
    name: 'a version that is not there',
    typed: 'up --to 7',
    called: (options) => deploy({ ...options, to: '7' }),
    exitCode: 2,
    codes: ['unknown-version'],
  },
  {
    name: 'a changed file',
    before: ['up'],
    later: { 'migrations/1_users.sql': 'create table users (id int primary key);' },
    typed: 'up',
    called: deploy,
    exitCode: 10,
    codes: ['migration-changed'],
  },
  {
    name: 'a late file',
    before: ['up'],
    later: { 'migrations/0_early.sql': 'create table early ();' },
    typed: 'up',
    called: deploy,
    exitCode: 10,
    codes: ['out-of-order'],
  },
  {
    name: 'a migration that fails',
    later: { 'migrations/2_notes.sql': 'create table users ();' },
    typed: 'up',
    called: deploy,
    exitCode: 40,
    codes: ['statement-failed'],
  },
  {
    name: 'an environment that requires another one',
    files: configured({ requires: 'first' }),
    typed: 'up -e dev',
    called: deploy,
    exitCode: 10,
    codes: ['not-promoted'],
  },
  {
    name: 'an environment that requires another one, which is as far',
    files: configured({ requires: 'first' }),
    before: ['up -e first'],
    typed: 'up -e dev',
    called: deploy,
    exitCode: 0,
  },
  { name: 'hooks that pass', files: hooks('true', 'true'), typed: 'up -e dev', called: deploy, exitCode: 0 },
  {
    name: 'a hook that fails, and none behind it',
    files: hooks('true', 'false', 'true'),
    typed: 'up -e dev',
    called: deploy,
    exitCode: 50,
    codes: ['hook-failed'],
  },
  {
    name: 'nothing to do, and a hook that has not passed',
    files: hooks('false'),
    before: ['up -e dev'],
    typed: 'up -e dev',
    called: deploy,
    exitCode: 50,
    codes: ['hook-failed'],
  },
  {
    name: 'a protected environment',
    files: configured({ protected: true }),
    typed: 'up -e dev',
    called: deploy,
    exitCode: 10,
    codes: ['needs-approval'],
  },
  {
    name: 'a protected environment, with a reviewed plan',
    files: configured({ protected: true }),
    before: ['plan -e dev --out p.json'],
    typed: 'up -e dev --plan p.json',
    called: (options) => deploy({ ...options, plan: 'p.json' }),
    exitCode: 0,
  },
  {
    name: 'a plan that no longer holds',
    files: configured({ protected: true }),
    before: ['plan -e dev --out p.json'],
    later: { 'migrations/3_more.sql': 'create table more ();' },
    typed: 'up -e dev --plan p.json',
    called: (options) => deploy({ ...options, plan: 'p.json' }),
    exitCode: 10,
    codes: ['plan-changed'],
  },
  {
    name: 'a plan for another environment',
    files: configured({}),
    before: ['plan -e first --out p.json'],
    typed: 'up -e dev --plan p.json',
    called: (options) => deploy({ ...options, plan: 'p.json' }),
    exitCode: 10,
    codes: ['plan-changed'],
  },
  {
    name: 'rows that would be lost',
    files: configured({}),
    before: ['up -e dev'],
    sql: 'insert into users values (1)',
    later: { 'migrations/3_drop.sql': 'drop table users;' },
    typed: 'up -e dev',
    called: deploy,
    exitCode: 10,
    codes: ['destroys-rows'],
  },
  {
    name: 'rows that may be lost',
    files: configured({}),
    before: ['up -e dev'],
    sql: 'insert into users values (1)',
    later: { 'migrations/3_drop.sql': 'drop table users;' },
    typed: 'up -e dev --destroy-rows',
    called: (options) => deploy({ ...options, destroyRows: true }),
    exitCode: 0,
  },
  {
    name: 'a checkpoint that cannot be taken',
    files: configured({ checkpoint: 'always' }),
    typed: 'up -e dev',
    called: deploy,
    exitCode: 10,
    codes: ['needs-checkpoint'],
  },
  {
    name: 'a checkpoint that is waived',
    files: configured({ checkpoint: 'always' }),
    typed: 'up -e dev --waive-checkpoint noon',
    called: (options) => deploy({ ...options, waiveCheckpoint: 'noon' }),
    exitCode: 0,
  },
  { name: 'a rollback', before: ['up --to 1'], typed: 'down', called: down, exitCode: 0 },
  { name: 'a rollback without a down file', before: ['up'], typed: 'down', called: down, exitCode: 10 },
  {
    name: 'a rollback that would lose rows',
    before: ['up --to 1'],
    sql: 'insert into users values (1)',
    typed: 'down',
    called: down,
    exitCode: 10,
  },
  {
    name: 'a rollback that may lose a row',
    before: ['up --to 1'],
    sql: 'insert into users values (1)',
    typed: 'down --allow-row-loss 1',
    called: (options) => down({ ...options, allowRowLoss: 1 }),
    exitCode: 0,
  },
  {
    name: 'nothing to resume',
    before: ['up'],
    typed: 'up --resume-up',
    called: (options) => deploy({ ...options, resumeUp: true }),
    exitCode: 0,
  },
  {
    name: 'options that cannot be combined',
    typed: 'up --resume-up --to 1',
    called: (options) => deploy({ ...options, resumeUp: true, to: '1' }),
    exitCode: 2,
    codes: ['wrong-usage'],
  },
  {
    name: 'a database to adopt',
    sql: `${users} create table notes (id bigint primary key)`,
    typed: 'adopt',
    called: adopt,
    exitCode: 0,
  },
  { name: 'a database that differs', sql: 'create table users ()', typed: 'adopt', called: adopt, exitCode: 10 },
  {
    name: 'a migration to adopt that is not there',
    typed: 'adopt nothing',
    called: (options) => adopt({ ...options, names: ['nothing'] }),
    exitCode: 2,
    codes: ['wrong-usage'],
  },
  {
    name: 'a command that passes',
    typed: 'exec -- true',
    called: (options) => exec({ ...options, command: ['true'] }),
    exitCode: 0,
  },
  {
    name: 'a command that fails',
    typed: 'exec -- false',
    called: (options) => exec({ ...options, command: ['false'] }),
    exitCode: 40,
    codes: ['command-failed'],
  },
  {
    name: 'a command in a protected environment',
    files: configured({ protected: true }),
    typed: 'exec -e dev -- true',
    called: (options) => exec({ ...options, command: ['true'] }),
    exitCode: 10,
    codes: ['needs-approval'],
  },
  { name: 'the state', before: ['up --to 1'], typed: 'status', called: status, exitCode: 0 },
  { name: 'a plan', typed: 'plan', called: plan, exitCode: 0 },
  {
    name: 'a plan to undo',
    before: ['up --to 1'],
    typed: 'plan --down',
    called: (options) => plan({ ...options, down: true }),
    exitCode: 0,
  },
  {
    name: 'drift',
    before: ['up'],
    sql: 'alter table users add column more int',
    typed: 'verify --strict',
    called: (options) => verify({ ...options, strict: true }),
    exitCode: 50,
  },
];
