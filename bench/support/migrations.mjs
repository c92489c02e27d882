// The generated migrations, in the form that each tool requires.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {{ version: number, name: string, sql: string }} Migration
 * @typedef {{ kind: string, list: readonly Migration[], tables: number, views: number }} MigrationSet migrations with the
 *   relations that exist afterwards, to check that a tool did its work
 */

const createTable = (table) =>
  `CREATE TABLE ${table} (\n  id bigint PRIMARY KEY,\n  name text NOT NULL,\n  created_at timestamptz NOT NULL DEFAULT now()\n);\nCREATE INDEX ${table}_name ON ${table} (name);\n`;

/**
 * Small migrations as people write them, in turn: a table with an index, a column, rows, a view over both.
 *
 * @returns {MigrationSet}
 */
export function smallMigrations(count) {
  const list = Array.from({ length: count }, (_, index) => {
    const table = `bench_${Math.floor(index / 4) + 1}`;
    const kinds = [
      ['create', createTable(table)],
      ['extend', `ALTER TABLE ${table} ADD COLUMN amount numeric(12, 2) NOT NULL DEFAULT 0;\n`],
      ['fill', `INSERT INTO ${table} (id, name, amount) VALUES\n  (1, 'first', 1.5),\n  (2, 'second', 2.5);\n`],
      ['show', `CREATE VIEW ${table}_view AS SELECT id, name, amount FROM ${table} WHERE amount > 0;\n`],
    ];
    const [kind, sql] = kinds[index % 4];
    return { version: index + 1, name: `${kind}_${table}`, sql };
  });
  return { kind: `small-${count}`, list, tables: Math.ceil(count / 4), views: Math.floor(count / 4) };
}

/**
 * Two migrations for each table: the table with an index, and a column.
 *
 * @returns {MigrationSet}
 */
export function tableMigrations(tables) {
  const list = Array.from({ length: 2 * tables }, (_, index) => {
    const table = `bench_${Math.floor(index / 2) + 1}`;
    const [kind, sql] =
      index % 2 === 0
        ? ['create', createTable(table)]
        : ['extend', `ALTER TABLE ${table} ADD COLUMN amount numeric;\n`];
    return { version: index + 1, name: `${kind}_${table}`, sql };
  });
  return { kind: `tables-${tables}`, list, tables, views: 0 };
}

/** Each writes the migrations from an index on: with 0, all of them. */
export const forms = {
  /** `<version>_<name>.sql` */
  files(folder, list, from = 0) {
    mkdirSync(folder, { recursive: true });
    for (const { version, name, sql } of list.slice(from))
      writeFileSync(join(folder, `${String(version).padStart(5, '0')}_${name}.sql`), sql);
  },
  'node-pg-migrate'(folder, list, from = 0) {
    mkdirSync(folder, { recursive: true });
    for (const { version, name, sql } of list.slice(from))
      writeFileSync(join(folder, `${1_700_000_000_000 + version}_${name}.sql`), sql);
  },
  'drizzle-orm'(folder, list, from = 0) {
    mkdirSync(join(folder, 'meta'), { recursive: true });
    const entries = list.map(({ version, name, sql }, idx) => {
      const tag = `${String(idx).padStart(4, '0')}_${name}`;
      if (idx >= from) writeFileSync(join(folder, `${tag}.sql`), sql);
      return { idx, version: '7', when: 1_700_000_000_000 + version, tag, breakpoints: true };
    });
    const journal = { version: '7', dialect: 'postgresql', entries };
    writeFileSync(join(folder, 'meta', '_journal.json'), JSON.stringify(journal, null, 2));
  },
  knex(folder, list, from = 0) {
    mkdirSync(folder, { recursive: true });
    for (const { version, name, sql } of list.slice(from)) {
      const text = `exports.up = (knex) => knex.raw(${JSON.stringify(sql)});\nexports.down = () => {};\n`;
      writeFileSync(join(folder, `${20_240_101_000_000 + version}_${name}.cjs`), text);
    }
  },
  kysely(folder, list, from = 0) {
    mkdirSync(folder, { recursive: true });
    const module = JSON.stringify(import.meta.resolve('../peers/node_modules/kysely/dist/index.js'));
    for (const { version, name, sql } of list.slice(from)) {
      const text = `import { sql } from ${module};\nexport const up = (db) => sql.raw(${JSON.stringify(sql)}).execute(db);\n`;
      writeFileSync(join(folder, `${20_240_101_000_000 + version}_${name}.mjs`), text);
    }
  },
  dbmate(folder, list, from = 0) {
    mkdirSync(folder, { recursive: true });
    for (const { version, name, sql } of list.slice(from))
      writeFileSync(
        join(folder, `${20_240_101_000_000 + version}_${name}.sql`),
        `-- migrate:up\n${sql}-- migrate:down\n`,
      );
  },
};
