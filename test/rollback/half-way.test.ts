import { expect } from 'vitest';
import { createProject } from '../support/project.ts';
import { appliedProject, history } from './applied.ts';
import { test } from '../support/test.ts';

test('a down file with statements outside of transactions goes on where it failed', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_t.sql': 'create table t (id int);\ncreate table u (id int);',
    'migrations/1_t.down.sql': 'drop table u;\ndrop table t;',
    'migrations/2_index.sql': 'create index concurrently t_id on t (id);\ncreate index u_id on u (id);',
    'migrations/2_index.down.sql': 'drop index concurrently t_id;\ndrop index nowhere;',
  });
  const failed = await project.run('down');
  expect(failed.exitCode, failed.err).toBe(41);
  expect(failed.err).toContain('migrations/2_index.down.sql:2');
  expect(failed.err).toContain('finished statements are recorded, `godwit down` resumes after them');
  expect((await history(database)).at(-1)).toBe('applied 2');
  expect(await database.query("select to_regclass('t_id') as t")).toEqual([{ t: null }]);
  const status = await project.run('status');
  expect(status.shown).toContain('2 index');
  expect(status.shown).toContain('partial');

  // F4: also where nothing is pending, since half of it is not there.
  for (const more of [false, true]) {
    if (more) project.write('migrations/3_more.sql', 'create table more (id int);');
    for (const command of ['up', 'plan']) {
      const turned = await project.run(command);
      expect([command, turned.exitCode], turned.shown).toEqual([command, 10]);
      expect(turned.shown).toContain('[half-way]');
      expect(turned.shown).toContain('Run `godwit down` first, or `godwit up --resume-up`');
    }
  }
  project.remove('migrations/3_more.sql');

  project.write('migrations/2_index.down.sql', 'drop index concurrently t_id;\ndrop index u_id;');
  const resumed = await project.run('down');
  expect(resumed.exitCode, resumed.err).toBe(0);
  expect((await history(database)).at(-1)).toBe('reverted 2');
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
});

test('down does not go past a migration that is applied in part (`half-way`)', async ({ database }) => {
  using project = createProject(
    {
      'migrations/1_t.sql': 'create table t (id int);',
      'migrations/1_t.down.sql': 'drop table t;',
      'migrations/2_index.sql': 'create index concurrently t_id on t (id);\nselect oops;',
    },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(41);
  const refused = await project.run('down');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('[half-way]');
  expect(refused.err).toContain('migrations/2_index.sql is partly applied; `godwit up` continues there.');
  expect(await history(database)).toEqual(['applied 1']);
  project.write('migrations/2_index.sql', 'create index concurrently t_id on t (id);\nselect 1;');
  expect((await project.run('up')).exitCode).toBe(0);
});
