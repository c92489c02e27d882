import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

test.each([['LATIN1'], ['SQL_ASCII'], ['EUC_JP']])(
  'a database in %s is migrated, and tells what failed in it',
  async (encoding) => {
    await using database = await createTestDatabase();
    const name = `${database.name}_${encoding.toLowerCase()}`;
    await database.query(`create database ${name} template template0 encoding '${encoding}' locale 'C'`);
    try {
      const url = new URL(database.url);
      url.pathname = `/${name}`;
      using project = createProject(
        {
          'migrations/1_a.sql': 'create table a (n int primary key);\ninsert into a (n) values (1);',
          'migrations/1_a.down.sql': 'drop table a;',
          'migrations/2_b.sql': 'create table b (n int);\nselect nothing_there;',
        },
        url.href,
      );
      const failed = await project.run('up');
      expect(failed.exitCode, failed.err).toBe(40);
      expect(failed.err).toContain('nothing_there');
      project.write('migrations/2_b.sql', 'create table b (n int);');
      for (const argv of [['up'], ['verify'], ['runs', 'list'], ['runs', 'verify-chain'], ['status']]) {
        const ran = await project.run(...argv);
        expect([argv, ran.exitCode], ran.shown).toEqual([argv, 0]);
      }
    } finally {
      await database.query(`drop database ${name} with (force)`);
    }
  },
);
