import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const schemaOf = (name: string) =>
  z.fromJSONSchema(JSON.parse(readFileSync(new URL(`../../schemas/${name}.json`, import.meta.url), 'utf8')));

const files = {
  'migrations/0001_users.sql': 'create table users (id bigint primary key, name text not null);',
  'migrations/0001_users.down.sql': 'drop table users;',
  'migrations/0002_names.sql': 'create index users_name on users (name);',
  'migrations/0002_names.down.sql': 'drop index users_name;',
  'migrations/0003_seed.sql': "insert into users values (1, 'ann');\ndrop table if exists nothing;",
};

test('what commands print with --json fits the published schemas', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  const document = schemaOf('document');
  const event = schemaOf('event');
  const lines: readonly (readonly [string, string, number])[] = [
    ['plan', 'document', 0],
    ['up --to 2', 'event', 0],
    ['up', 'event', 0],
    ['up', 'event', 0],
    ['status', 'document', 0],
    ['verify', 'document', 0],
    ['runs list', 'document', 0],
    ['runs show last', 'document', 0],
    ['runs verify-chain', 'document', 0],
    ['down', 'event', 10],
    ['adopt nothing', 'event', 2],
    ['adopt --export', 'event', 0],
    ['stauts', 'document', 2],
    ['explain busy', 'document', 0],
    ['db status', 'document', 0],
  ];
  for (const [line, kind, exitCode] of lines) {
    const ran = await project.run(...line.split(' '), '--json');
    expect({ line, exitCode: ran.exitCode, err: ran.err }, ran.out).toEqual({ line, exitCode, err: '' });
    expect(ran.json.length, line).toBeGreaterThan(0);
    for (const value of ran.json) {
      const parsed = (kind === 'event' ? event : document).safeParse(value);
      expect(parsed.success, `${line}: ${JSON.stringify(value)} ${parsed.error?.message ?? ''}`).toBe(true);
    }
    // The history that is exported is no run; everything else that streams ends with its verdict.
    const last = kind === 'event' && line !== 'adopt --export' ? { kind: 'run.finished', exitCode } : {};
    expect(ran.json.at(-1)).toMatchObject(last);
    expect(kind === 'document' ? ran.json.length : 1).toBe(1);
  }
});

test('the schemas refuse what is wrong', () => {
  expect(
    schemaOf('document').safeParse({ v: 1, command: 'up', outcome: 'well', exitCode: 0, findings: [] }).success,
  ).toBe(false);
  expect(schemaOf('event').safeParse({ v: 1, kind: 'run.finished', run: 'x' }).success).toBe(false);
});
