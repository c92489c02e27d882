import type { Dice } from '../dice.ts';
import type { Column, Relation, World } from '../world.ts';
import { column, literal, on, table, tables, written, type Family, type Proposal } from './proposal.ts';

function insert(of: Relation, dice: Dice, end: string): string | undefined {
  const columns = of.columns.filter(
    ({ generated, identity, n, required, defaulted }) =>
      generated === '' && identity !== 'a' && (n === 'id' || (required && !defaulted) || dice.maybe(0.6)),
  );
  if (columns.length === 0) return undefined;
  const rows = Array.from(
    { length: dice.upTo(3) },
    (_, index) =>
      `(${columns.map((c) => (c.n === 'id' && c.category === 'N' ? String(dice.upTo(4) * 10 + index) : literal(dice, c))).join(', ')})`,
  );
  return `INSERT INTO ${written(dice, of.q)} (${columns.map(({ n }) => n).join(', ')}) VALUES ${rows.join(', ')}${end}`;
}

const target = (world: World, dice: Dice) => table(world, dice);

/** Seed rows with and without keys, and what is done to them later. */
export const rowFamily: Family = [
  [8, on(target, (of, d) => insert(of, d, ''))],
  [
    3,
    on(target, (of, d) =>
      insert(of, d, d.of(' ON CONFLICT DO NOTHING', ' ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id')),
    ),
  ],
  [1, on(target, (of) => `INSERT INTO ${of.q} DEFAULT VALUES`)],
  [
    3,
    on(
      column,
      ({ of, column }, d) =>
        `UPDATE ${of.q} SET ${column.n} = ${literal(d, column)}${d.of('', ' WHERE id IS NOT NULL', ' WHERE false')}`,
    ),
  ],
  [
    2,
    on(
      target,
      (of, d) => `DELETE FROM ${of.q}${d.of('', ' WHERE id IS NOT NULL', ` WHERE id::text = '${d.upTo(4)}0'`)}`,
    ),
  ],
  [2, on(target, (of, d) => `TRUNCATE ${of.q}${d.of('', ' CASCADE', ' RESTART IDENTITY CASCADE')}`)],
  [
    1,
    on(
      (w, d) => d.some(tables(w), 2),
      ([a, b]) => (a === undefined || b === undefined ? undefined : `INSERT INTO ${a.q} (id) SELECT id FROM ${b.q}`),
    ),
  ],
];

/** Idioms, and statements that hide others: DO, functions that do DDL, settings. `inner` gives what is hidden. */
export function blockFamily(inner: Proposal): Family {
  const hidden: Proposal = (world, dice) => {
    const sql = inner(world, dice);
    return typeof sql === 'string' && !sql.includes('$') && !sql.includes('CONCURRENTLY') && !sql.startsWith('VACUUM')
      ? sql
      : undefined;
  };
  return [
    [4, on(hidden, (sql, d) => `DO $do$ BEGIN ${executed(String(sql), d)} END $do$`)],
    [
      4,
      on(
        hidden,
        (sql, d) =>
          `DO $do$ BEGIN ${executed(String(sql), d)} EXCEPTION WHEN ${d.of('others', 'duplicate_object', 'undefined_table OR others')} THEN NULL; END $do$`,
      ),
    ],
    [
      2,
      on(hidden, (sql, d, w) => {
        const second = hidden(w, d);
        return typeof second === 'string'
          ? `DO $do$ BEGIN BEGIN ${executed(String(sql), d)} EXCEPTION WHEN others THEN NULL; END; BEGIN ${executed(second, d)} EXCEPTION WHEN others THEN NULL; END; END $do$`
          : undefined;
      }),
    ],
    [
      3,
      on(hidden, (sql, d) => {
        const fn = `hidden_${d.upTo(3)}`;
        return [
          `CREATE OR REPLACE FUNCTION ${fn}() RETURNS void LANGUAGE plpgsql AS $fn$ BEGIN ${executed(String(sql), d)} END $fn$`,
          `SELECT ${fn}()`,
          ...(d.maybe(0.5) ? [`DROP FUNCTION ${fn}()`] : []),
        ];
      }),
    ],
    [2, (w, d) => `SET search_path = ${d.one(w.schemas)}, public`],
    [
      1,
      (_w, d) =>
        d.of(
          "SET TIME ZONE 'Europe/Berlin'",
          "SET DateStyle = 'German, DMY'",
          'SET check_function_bodies = off',
          "SET statement_timeout = '20s'",
          'RESET search_path',
          'SET client_min_messages = warning',
        ),
    ],
    [
      1,
      (_w, d) =>
        d.of(
          'DROP TABLE IF EXISTS never_there',
          'ALTER TABLE IF EXISTS never_there ADD COLUMN a int',
          'DROP VIEW IF EXISTS never_there CASCADE',
          'DROP FUNCTION IF EXISTS never_there(int)',
          'ALTER INDEX IF EXISTS never_there RENAME TO never_here',
          'DROP TYPE IF EXISTS never_there',
          'ALTER TABLE IF EXISTS never_there RENAME TO never_here',
        ),
    ],
    [
      1,
      on(
        (w, d) => column(w, d, isPlain),
        ({ of, column }) => `ALTER TABLE ${of.q} ADD COLUMN IF NOT EXISTS ${column.n} ${column.type}`,
      ),
    ],
    [
      1,
      on(
        (w, d) => column(w, d, isPlain),
        ({ of, column }) => `CREATE TABLE IF NOT EXISTS ${of.q} (${column.n} ${column.type})`,
      ),
    ],
    [
      1,
      (_w, d) => [
        `CREATE TEMP TABLE scratch_${d.upTo(2)} AS SELECT 1 AS id`,
        `CREATE TABLE from_temp_${d.upTo(4)} AS SELECT * FROM pg_temp.scratch_1`,
      ],
    ],
    [
      1,
      (_w, d) =>
        d.of(
          'SELECT 1',
          'SELECT pg_sleep(0.01)',
          "SELECT set_config('app.tenant', '5', true)",
          'ANALYZE',
          'VALUES (1)',
          'EXPLAIN SELECT 1',
          "NOTIFY hist, 'x'",
          'COMMENT ON SCHEMA public IS NULL',
        ),
    ],
  ];
}

/** What a statement with IF NOT EXISTS can say fully. */
function isPlain({ required, defaulted, identity, generated }: Column, { kind, by, parent }: Relation): boolean {
  return (
    !required && !defaulted && identity === '' && generated === '' && kind === 'r' && by === null && parent === null
  );
}

function executed(sql: string, dice: Dice): string {
  return dice.maybe(0.5) || /^(SELECT|VALUES|EXPLAIN)/.test(sql) ? `EXECUTE $e$${sql}$e$;` : `${sql};`;
}
