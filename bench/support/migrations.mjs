// The generated migrations, in the form that each tool requires.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Small migrations as people write them, in turn: a table with an index, a column, rows, a view over both. */
export function smallMigrations(count) {
  return Array.from({ length: count }, (_, index) => {
    const group = Math.floor(index / 4) + 1;
    const table = `bench_${group}`;
    const kinds = [
      [
        'create',
        `CREATE TABLE ${table} (\n  id bigint PRIMARY KEY,\n  name text NOT NULL,\n  created_at timestamptz NOT NULL DEFAULT now()\n);\nCREATE INDEX ${table}_name ON ${table} (name);\n`,
      ],
      ['extend', `ALTER TABLE ${table} ADD COLUMN amount numeric(12, 2) NOT NULL DEFAULT 0;\n`],
      ['fill', `INSERT INTO ${table} (id, name, amount) VALUES\n  (1, 'first', 1.5),\n  (2, 'second', 2.5);\n`],
      ['show', `CREATE VIEW ${table}_view AS SELECT id, name, amount FROM ${table} WHERE amount > 0;\n`],
    ];
    const [kind, sql] = kinds[index % 4];
    return { version: index + 1, name: `${kind}_${table}`, sql };
  });
}

/** The relations that must exist after all migrations, to check that a tool did its work. */
export function expectedRelations(count) {
  return { tables: Math.ceil(count / 4), views: Math.floor(count / 4) };
}

export const forms = {
  /** `<version>_<name>.sql` */
  files(folder, migrations) {
    mkdirSync(folder, { recursive: true });
    for (const { version, name, sql } of migrations)
      writeFileSync(join(folder, `${String(version).padStart(5, '0')}_${name}.sql`), sql);
  },
  'node-pg-migrate'(folder, migrations) {
    mkdirSync(folder, { recursive: true });
    for (const { version, name, sql } of migrations)
      writeFileSync(join(folder, `${1_700_000_000_000 + version}_${name}.sql`), sql);
  },
  'drizzle-orm'(folder, migrations) {
    mkdirSync(join(folder, 'meta'), { recursive: true });
    const entries = migrations.map(({ version, name, sql }, idx) => {
      const tag = `${String(idx).padStart(4, '0')}_${name}`;
      writeFileSync(join(folder, `${tag}.sql`), sql);
      return { idx, version: '7', when: 1_700_000_000_000 + version, tag, breakpoints: true };
    });
    const journal = { version: '7', dialect: 'postgresql', entries };
    writeFileSync(join(folder, 'meta', '_journal.json'), JSON.stringify(journal, null, 2));
  },
  knex(folder, migrations) {
    mkdirSync(folder, { recursive: true });
    for (const { version, name, sql } of migrations) {
      const text = `exports.up = (knex) => knex.raw(${JSON.stringify(sql)});\nexports.down = () => {};\n`;
      writeFileSync(join(folder, `${20_240_101_000_000 + version}_${name}.cjs`), text);
    }
  },
  kysely(folder, migrations) {
    mkdirSync(folder, { recursive: true });
    const from = JSON.stringify(import.meta.resolve('../peers/node_modules/kysely/dist/esm/index.js'));
    for (const { version, name, sql } of migrations) {
      const text = `import { sql } from ${from};\nexport const up = (db) => sql.raw(${JSON.stringify(sql)}).execute(db);\n`;
      writeFileSync(join(folder, `${20_240_101_000_000 + version}_${name}.mjs`), text);
    }
  },
};
