import { expect } from 'vitest';
import type { OwnServer } from '../support/own-server.ts';
import { createProject, type TestProject } from '../support/project.ts';

/** The project: environments with a variable each, two migrations, a bare file. */
export const files = {
  'godwit.config.json': JSON.stringify({
    environments: Object.fromEntries(
      ['dev', 'prod', 'staging', 'production', 'Prod'].map((name) => [
        name,
        { database: { env: `${name.toUpperCase()}_URL` }, protected: false, checkpoint: 'never' },
      ]),
    ),
  }),
  'migrations/1_users.sql': 'create table users (id int primary key);',
  'migrations/1_users.down.sql': 'drop table users;',
  'hotfix.sql': 'create table hotfix (id int);',
};
/** What is not applied yet. */
export const pending = { 'migrations/2_orders.sql': 'create table orders (id int);' };

/** Where a mistake is made. */
export interface Stage {
  readonly project: TestProject;
  /** Where each environment's variable points. */
  readonly env: Record<string, string>;
  readonly one: OwnServer;
  readonly other: OwnServer;
  /** A name for a database that nobody has yet. */
  fresh(): string;
}

/** A copy of one of the first server's databases beside it. */
export async function clone(stage: Stage, of: string): Promise<string> {
  const name = stage.fresh();
  await stage.one.query('postgres', `create database ${name} template ${of}`);
  return name;
}

/** As pg_restore makes it: the same tables and rows in another database, here those that tell what it is. */
export async function restore(stage: Stage, of: string, into: OwnServer): Promise<string> {
  const name = stage.fresh();
  await into.query('postgres', `create database ${name}`);
  using project = createProject(files, undefined, { DEV_URL: into.url(name), PROD_URL: into.url(name) });
  expect((await project.run('up', '-e', of)).exitCode).toBe(0);
  const [guard] = await stage.one.query<{ id: string }>(of, 'select environment_id::text as id from godwit.guard');
  await into.query(name, `update godwit.guard set environment_id = '${guard?.id ?? ''}'`);
  return name;
}

/** Changes the lock file as text. */
export function edit({ project }: Stage, change: (text: string) => string): void {
  project.write('godwit.lock.json', change(project.read('godwit.lock.json')));
}

interface Lock {
  environments: Record<string, Record<string, string>>;
}
/** Changes the pinned identities. */
export function pins(stage: Stage, change: (pinned: Lock['environments']) => unknown): void {
  edit(stage, (text) => {
    const parsed = JSON.parse(text) as Lock;
    change(parsed.environments);
    return JSON.stringify(parsed);
  });
}

/** The wrong thing done in a copy that the lock file takes for prod. */
export async function inClone(stage: Stage, sql: string): Promise<void> {
  const name = await pinnedClone(stage);
  await stage.one.query(name, sql);
}

/** A copy that is pinned as prod, so that only what is done to it afterwards is wrong. */
export async function pinnedClone(stage: Stage): Promise<string> {
  const name = await clone(stage, 'prod');
  stage.env['PROD_URL'] = stage.one.url(name);
  const [found] = await stage.one.query<{ oid: string }>(
    name,
    'select oid::text from pg_database where datname = current_database()',
  );
  pins(stage, (pinned) => (pinned['prod']!['databaseOid'] = found?.oid ?? ''));
  return name;
}
