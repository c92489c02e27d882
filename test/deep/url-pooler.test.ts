import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { startPooler } from '../support/pgbouncer.ts';
import { createProject } from '../support/project.ts';
import { missing } from '../support/tools.ts';

describe.skipIf(missing('pgbouncer'))('the URL of a pooler', () => {
  test.each([
    ['refuses options', {}],
    ['drops options silently', { ignore_startup_parameters: 'options' }],
  ])(
    'F01: through one that %s, options and schema of the URL hold in each transaction',
    async (_, settings) => {
      await using database = await createTestDatabase();
      await database.query('create schema "Tenant"; create schema other');
      await using pooler = await startPooler(database.url, settings);
      const url = `${pooler.through(database.url)}?options=-c%20search_path%3D%22Tenant%22,%5C%20OTHER%20-c%20geqo_effort%3D7`;
      using project = createProject(
        {
          'migrations/1_t.sql': 'create table t (n int); insert into t values (1);',
          'migrations/2_c.sql':
            'create table c as select current_setting($$geqo_effort$$) as effort, current_schemas(false)::text as path;',
        },
        url,
      );
      const { exitCode, err } = await project.run('up');
      expect(exitCode, err).toBe(0);
      const rows = await database.query('select effort, path from "Tenant".c');
      expect(rows).toEqual([{ effort: '7', path: '{Tenant,other}' }]);
      expect((await project.run('verify')).exitCode).toBe(0);
      for (const query of ['options=endpoint%3Dx', 'options=-c%20default_transaction_read_only%3Don'].slice(
        'ignore_startup_parameters' in settings ? 1 : 0,
      )) {
        const refused = await project.runWith({ DATABASE_URL: `${pooler.through(database.url)}?${query}` }, 'up');
        expect([refused.exitCode, refused.shown]).toEqual([2, expect.stringContaining('[url-parameter-refused]')]);
      }
    },
    600_000,
  );
});
