import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { processStart } from '../../src/adapters/embedded/process-identity.ts';
import { startChild, until } from '../support/child.ts';
import { createProject } from '../support/project.ts';

const files = {
  'migrations/1_users.sql': 'create table users (id bigint primary key); select pg_sleep(0.2);',
};

const door = pathToFileURL(resolve('dist/lib/testing.js')).href;

/** A process of a test runner, with the library as it is shipped. */
const program = (cwd: string): string => `
import pg from 'pg';
const door = ${JSON.stringify(door)};
void (async () => {
  const { testDatabase } = await import(door);
  const { name, url } = await testDatabase({ cwd: ${JSON.stringify(cwd)} });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    "select oid::text as template, current_setting('data_directory') as data, (select pid from pg_stat_activity where backend_type = 'checkpointer') as server from pg_database where datname like 'godwit_template%'",
  );
  await client.end();
  console.log(JSON.stringify({ name, ...rows[0], templates: rows.length }));
})();
`;

interface Said {
  readonly name: string;
  readonly template: string;
  readonly templates: number;
  readonly data: string;
  /** A process of the server. */
  readonly server: number;
}

test('processes that start at the same time share one server and one template, and end by themselves', async () => {
  using project = createProject(files);
  const children = await Promise.all(Array.from({ length: 4 }, () => startChild(program(project.folder))));
  const said = (await Promise.all(children.map((child) => child.next()))) as readonly Said[];
  expect(said.map(({ templates }) => templates)).toEqual([1, 1, 1, 1]);
  expect(new Set(said.map(({ template }) => template)).size).toBe(1);
  expect(new Set(said.map(({ server }) => server)).size).toBe(1);
  expect(new Set(said.map(({ name }) => name)).size).toBe(4);
  // None of them has closed its database.
  expect(await Promise.all(children.map((child) => child.ended()))).toEqual([0, 0, 0, 0]);
});

test('the server and its data go with the last process, also when that is killed', async () => {
  using project = createProject(files);
  const child = await startChild(`${program(project.folder)}\nsetInterval(() => {}, 1000);`);
  const { server, data } = (await child.next()) as Said;
  expect(existsSync(join(data, 'PG_VERSION'))).toBe(true);
  await child.kill('SIGKILL');
  await until('the server ends', () => processStart(server) === undefined, 20_000);
  await until('the data are removed', () => readdirSync(dirname(data)).every((name) => !name.startsWith('data')));
});
