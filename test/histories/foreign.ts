import type { Dice } from './dice.ts';
import type { Foreign } from './history.ts';
import { column, on, relations, roles, table, type Family } from './statements/proposal.ts';
import type { World } from './world.ts';

/** What another application does to things of its own. */
const theirs: Family = [
  [4, (_w, d) => `CREATE TABLE theirs_${d.upTo(99)} (id int PRIMARY KEY, a text DEFAULT 'q')`],
  [1, (_w, d) => `CREATE FUNCTION theirs_f${d.upTo(99)}() RETURNS int LANGUAGE sql AS 'select 1'`],
  [1, (_w, d) => `CREATE TYPE theirs_e${d.upTo(99)} AS ENUM ('x')`],
  [
    1,
    (_w, d) =>
      `DO $t$ BEGIN BEGIN CREATE TABLE theirs_sub_${d.upTo(99)} (id int); EXCEPTION WHEN others THEN NULL; END; END $t$`,
  ],
];

/** What somebody weakens of what the migrations made, without breaking what may follow. */
export const weakenings: Family = [
  [
    4,
    on(column, ({ of, column }, d) =>
      column.generated === '' && column.identity === ''
        ? `ALTER TABLE ${of.q} ALTER ${column.n} ${column.defaulted && d.maybe(0.5) ? 'DROP DEFAULT' : `SET DEFAULT NULL`}`
        : undefined,
    ),
  ],
  [
    3,
    on(
      (w, d) => column(w, d, ({ required }) => required),
      ({ of, column }) => `ALTER TABLE ${of.q} ALTER ${column.n} DROP NOT NULL`,
    ),
  ],
  [
    4,
    on(
      (w, d) => d.one(w.constraints.filter(({ kind, of }) => kind === 'c' && of.includes('.'))),
      ({ n, of }) => `ALTER TABLE ${of} DROP CONSTRAINT ${n}, ADD CONSTRAINT ${n} CHECK (1 > 0 OR id IS NULL)`,
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(w.policies),
      ({ n, of }) => `ALTER POLICY ${n} ON ${of} USING (true)`,
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(w.indexes.filter(({ kind, def }) => kind === 'i' && def === 'i')),
      ({ q }) => `DROP INDEX ${q}`,
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.triggers),
      ({ n, of }) => `ALTER TABLE ${of} DISABLE TRIGGER ${n}`,
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.routines.filter(({ kind }) => kind === 'f')),
      ({ q }) => `ALTER FUNCTION ${q} COST 77`,
    ),
  ],
  [2, on(table, ({ q }, d) => `COMMENT ON TABLE ${q} IS 'theirs ${d.upTo(9)}'`)],
  [
    1,
    on(
      (w, d) => d.one(relations(w, 'S')),
      ({ q }) => `ALTER SEQUENCE ${q} CACHE 9`,
    ),
  ],
];

/** What somebody adds to it, or only touches. */
const additions: Family = [
  [3, on(table, ({ q }, d) => `ALTER TABLE ${q} ADD COLUMN theirs_${d.upTo(9)} int`)],
  [2, on(column, ({ of, column }, d) => `CREATE INDEX theirs_ix_${d.upTo(99)} ON ${of.q} (${column.n})`)],
  [
    2,
    on(
      table,
      ({ q }, d) =>
        `CREATE TRIGGER theirs_tr_${d.upTo(9)} BEFORE UPDATE ON ${q} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(relations(w, 'rpvS')),
      ({ q }, d) => `GRANT SELECT ON ${q} TO ${d.of(...roles)}`,
    ),
  ],
  [1, on(table, ({ q }, d) => `ALTER TABLE ${q} ADD CONSTRAINT theirs_ck_${d.upTo(9)} CHECK (1 > 0)`)],
  // These change rows of the catalogue and no definition.
  [2, on(table, ({ q }) => `REINDEX TABLE ${q}`)],
  [1, on(table, ({ q }) => `ANALYZE ${q}`)],
];

const ours: Family = [...weakenings, ...additions];

/** What others do beside this run and behind it. */
export function foreignChanges(world: World, dice: Dice, run: number, last: boolean): readonly Foreign[] {
  const list: Foreign[] = [];
  const add = (when: Foreign['when'], family: Family): void => {
    const sql = dice.pick(family)(world, dice);
    if (typeof sql === 'string' && !/\bundefined\b/.test(sql))
      list.push({ run, when, sql, pauseMs: when === 'during' ? dice.upTo(120) : 0 });
  };
  for (let left = dice.upTo(2); left > 0; left -= 1) add('during', theirs);
  if (dice.maybe(0.5)) add('after', theirs);
  const wanted = last ? dice.upTo(4) : dice.upTo(3) - 1;
  for (let left = wanted; left > 0; left -= 1) add('after', ours);
  return list;
}
