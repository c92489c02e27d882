import { expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const timeouts = [
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'transaction_timeout',
];

test.each(majors)(
  'F5: no timeout of the role or the database ends a migration, a check or a look (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    const known = await database.query(
      `select name from pg_settings where name in (${timeouts.map((name) => `'${name}'`).join(', ')})`,
    );
    expect(known).toHaveLength(major < 17 ? 4 : 5);
    for (const { name } of known) await database.query(`alter database ${database.name} set ${String(name)} = '700ms'`);
    using project = createProject(
      {
        'migrations/1_a.sql': 'create table a (n int);\nselect pg_sleep(1.2);',
        'migrations/2_b.sql': 'create view slow as select 1 as one from pg_sleep(1);\ninsert into a values (2);',
        'migrations/3_c.sql': 'copy a from stdin;\n3\n\\.\nselect pg_sleep(1.2);',
      },
      database.url,
    );
    const up = await project.run('up');
    expect(up.exitCode, up.err).toBe(0);
    expect(await database.query('select n from a order by n')).toEqual([{ n: 2 }, { n: 3 }]);
    const verify = await project.run('verify');
    expect(verify.exitCode, verify.shown).toBe(0);
  },
);

test.runIf(majors.some((major) => major >= 17))(
  'F5: a file that sets transaction_timeout itself fails by it, and is rolled back: 40, nothing is unknown',
  async () => {
    await using database = await createTestDatabase(majors.find((major) => major >= 17));
    using project = createProject(
      { 'migrations/1_a.sql': "set transaction_timeout = '300ms';\ncreate table a (n int);\nselect pg_sleep(5);" },
      database.url,
    );
    const { exitCode, err } = await project.run('up');
    expect([exitCode, err]).toEqual([40, expect.stringContaining('this file, or a function that it calls, sets one')]);
    expect(await database.query("select to_regclass('a') as a")).toEqual([{ a: null }]);
    expect(await database.query('select outcome from godwit.run')).toEqual([{ outcome: 'failed' }]);
  },
);
