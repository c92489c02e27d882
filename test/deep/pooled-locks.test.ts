import { describe, expect, test } from 'vitest';
import { application, eventsOf } from '../locks/busy.ts';
import { createTestDatabase } from '../support/database.ts';
import { startPooler } from '../support/pgbouncer.ts';
import { createProject } from '../support/project.ts';
import { missing } from '../support/tools.ts';

const note = (what: string): string => `insert into log values ('${what}', current_setting('lock_timeout'));`;

describe.skipIf(missing('pgbouncer'))('through PgBouncer', () => {
  test('each kind of statement waits as long as it does without a pooler', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url);
    using project = createProject(
      {
        'migrations/1_base.sql': 'create table users (id int); create table log (what text, waits text);',
        'migrations/2_change.sql': `${note('first')} analyze users; ${note('behind')}
          alter table users add column age int; ${note('strong')}`,
      },
      pooler.through(database.url),
    );
    const ran = await project.run('up');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(await database.query('select * from log')).toEqual([
      { what: 'first', waits: '30s' },
      { what: 'behind', waits: '30s' },
      { what: 'strong', waits: '150ms' },
    ]);
  });

  test('a migration gives way, and says to whom', async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPooler(database.url);
    using project = createProject(
      { 'migrations/1_base.sql': 'create table users (id int);' },
      pooler.through(database.url),
    );
    await project.run('up');
    project.write('migrations/2_change.sql', 'alter table users add column age int;');
    const reader = await application(database, 'select count(*) from users');
    const refused = await project.run('up', '--lock-budget', '2s', '--json');
    expect(refused.exitCode, refused.out).toBe(40);
    expect(eventsOf(refused.json, 'lock.retry')[0]).toMatchObject({ id: '2', blockers: [{ application: 'reports' }] });
    await reader.query('commit');
    const ran = await project.run('up');
    expect(ran.exitCode, ran.err).toBe(0);
  });
});
