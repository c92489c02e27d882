import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const file = 'migrations/1_users.sql';
const text =
  "-- people\ncreate table users (id int);\ncreate index users_id on users (id);\ncomment on table users is 'x';\n";

/** What `up` says after the applied file was changed to `changed`. */
async function upAfter(changed: string): Promise<{ exitCode: number; findings: readonly string[] }> {
  await using database = await createTestDatabase();
  using project = createProject({ [file]: text }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write(file, changed);
  const ran = await project.run('up', '--json');
  const findings = ran.json.flatMap((event) => (event.kind === 'finding' ? [event.finding] : []));
  const told = findings.map(
    ({ code, severity, where, why }) => `${severity} ${code} ${where?.line ?? '-'}: ${why.replace(/^.*; /, '')}`,
  );
  return { exitCode: ran.exitCode, findings: told };
}

test.each([
  ['CRLF line ends alone', text.replaceAll('\n', '\r\n'), 0, []],
  [
    'comments and white space',
    `/* more */ ${text.replace('users (id int)', 'users\n  (id int)')}`,
    0,
    ['warning migration-reformatted -: its statements are still the same.'],
  ],
  [
    'a statement',
    text.replace('id int', 'id bigint'),
    10,
    ['error migration-changed 2: since then statement 1 (CREATE TABLE) was changed.'],
  ],
  [
    'a new statement in between',
    text.replace('comment', 'create index more on users (id);\ncomment'),
    10,
    ['error migration-changed 4: since then 1 statement was added as statement 3 (CREATE INDEX).'],
  ],
  [
    'a statement less',
    text.replace(/create index.*\n/, ''),
    10,
    ['error migration-changed -: since then 1 statement was removed, beginning with statement 2 (CREATE INDEX).'],
  ],
])('what was changed after it was applied is told: %s', async (_, changed, exitCode, findings) => {
  expect(await upAfter(changed)).toEqual({ exitCode, findings });
});
