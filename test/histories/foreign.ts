import type { Dice } from './dice.ts';
import type { Foreign } from './history.ts';
import { column, on, relations, roles, table, type Family, type Proposal } from './statements/proposal.ts';
import type { World } from './world.ts';

/** What another application does to things of its own. */
const theirs: Family = [
  [4, (_w, d) => `CREATE TABLE theirs_${d.upTo(99)} (id int PRIMARY KEY, a text DEFAULT 'q')`],
  [1, (_w, d) => `CREATE FUNCTION theirs_f${d.upTo(99)}() RETURNS int LANGUAGE sql AS 'select 1'`],
  [1, (_w, d) => `CREATE TYPE theirs_e${d.upTo(99)} AS ENUM ('x')`],
  [1, (_w, d) => `DO $t$ BEGIN BEGIN CREATE TABLE theirs_sub_${d.upTo(99)} (id int); EXCEPTION WHEN others THEN NULL; END; END $t$`],
]; // prettier-ignore

/** What somebody does to what the migrations made, without breaking what may follow. */
const ours: Family = [
  [4, on(column, ({ of, column }, d) => (column.generated === '' && column.identity === '' ? `ALTER TABLE ${of.q} ALTER ${column.n} ${column.defaulted && d.maybe(0.5) ? 'DROP DEFAULT' : `SET DEFAULT NULL`}` : undefined))],
  [3, on((w, d) => column(w, d, ({ required }) => required), ({ of, column }) => `ALTER TABLE ${of.q} ALTER ${column.n} DROP NOT NULL`)],
  [4, on((w, d) => d.one(w.constraints.filter(({ kind, of }) => kind === 'c' && of.includes('.'))), ({ n, of }) => `ALTER TABLE ${of} DROP CONSTRAINT ${n}, ADD CONSTRAINT ${n} CHECK (1 > 0 OR id IS NULL)`)],
  [3, on((w, d) => d.one(w.policies), ({ n, of }) => `ALTER POLICY ${n} ON ${of} USING (true)`)],
  [3, on((w, d) => d.one(w.indexes.filter(({ kind, def }) => kind === 'i' && def === 'i')), ({ q }) => `DROP INDEX ${q}`)],
  [3, on(table, ({ q }, d) => `ALTER TABLE ${q} ADD COLUMN theirs_${d.upTo(9)} int`)],
  [2, on(column, ({ of, column }, d) => `CREATE INDEX theirs_ix_${d.upTo(99)} ON ${of.q} (${column.n})`)],
  [2, on(table, ({ q }, d) => `CREATE TRIGGER theirs_tr_${d.upTo(9)} BEFORE UPDATE ON ${q} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`)],
  [2, on((w, d) => d.one(w.triggers), ({ n, of }) => `ALTER TABLE ${of} DISABLE TRIGGER ${n}`)],
  [2, on((w, d) => d.one(relations(w, 'rpvS')), ({ q }, d) => `GRANT SELECT ON ${q} TO ${d.of(...roles)}`)],
  [2, on((w, d) => d.one(w.routines.filter(({ kind }) => kind === 'f')), ({ q }) => `ALTER FUNCTION ${q} COST 77`)],
  [2, on(table, ({ q }, d) => `COMMENT ON TABLE ${q} IS 'theirs ${d.upTo(9)}'`)],
  [1, on((w, d) => d.one(relations(w, 'S')), ({ q }) => `ALTER SEQUENCE ${q} CACHE 9`)],
  [1, on(table, ({ q }, d) => `ALTER TABLE ${q} ADD CONSTRAINT theirs_ck_${d.upTo(9)} CHECK (1 > 0)`)],
  // These change rows of the catalogue and no definition.
  [2, on(table, ({ q }) => `REINDEX TABLE ${q}`)],
  [1, on(table, ({ q }) => `ANALYZE ${q}`)],
]; // prettier-ignore

/** What others do beside this run and behind it. */
export function foreignChanges(world: World, dice: Dice, run: number, last: boolean): readonly Foreign[] {
  const list: Foreign[] = [];
  const add = (when: Foreign['when'], family: Family): void => {
    const sql = dice.pick(family)(world, dice);
    if (typeof sql === 'string' && !/\bundefined\b/.test(sql)) list.push({ run, when, sql, pauseMs: when === 'during' ? dice.upTo(120) : 0 });
  };
  for (let left = dice.upTo(2); left > 0; left -= 1) add('during', theirs);
  if (dice.maybe(0.5)) add('after', theirs);
  const wanted = last ? dice.upTo(4) : dice.upTo(3) - 1;
  for (let left = wanted; left > 0; left -= 1) add('after', ours);
  return list;
}

const ofView: Proposal = on((w, d) => d.one(relations(w, 'v')), ({ q }) => `DROP VIEW ${q} CASCADE`);

/** Damages of everything that migrations make. */
const damages: Family = [
  ...ours.filter((_, index) => [0, 1, 2, 3, 4, 8, 10, 11, 12].includes(index)),
  [4, on((w, d) => column(w, d, ({ inherited }) => !inherited), ({ of, column }) => `ALTER TABLE ${of.q} DROP COLUMN ${column.n} CASCADE`)],
  [3, on((w, d) => column(w, d, ({ type }) => type === 'integer' || type === 'text'), ({ of, column }) => `ALTER TABLE ${of.q} ALTER ${column.n} TYPE ${column.type === 'text' ? 'varchar(200)' : 'bigint'}`)],
  [3, on((w, d) => column(w, d), ({ of, column }) => `ALTER TABLE ${of.q} RENAME ${column.n} TO ${'damaged'}`)],
  [4, on((w, d) => d.one(w.constraints), ({ n, of }) => `ALTER TABLE ${of} DROP CONSTRAINT ${n} CASCADE`)],
  [3, on((w, d) => d.one(w.indexes), ({ q }) => `ALTER INDEX ${q} RENAME TO damaged_index`)],
  [3, on((w, d) => d.one(w.indexes.filter(({ kind }) => kind === 'u')), ({ q, n, of }) => `DROP INDEX ${q}; CREATE INDEX ${n} ON ${of} (id)`)],
  [3, on((w, d) => d.one(w.triggers), ({ n, of }, d) => d.of(`DROP TRIGGER ${n} ON ${of}`, `ALTER TABLE ${of} ENABLE REPLICA TRIGGER ${n}`, `ALTER TABLE ${of} DISABLE TRIGGER ALL`))],
  [3, on((w, d) => d.one(w.routines.filter(({ returns }) => returns === 'trigger')), ({ q }) => `CREATE OR REPLACE FUNCTION ${q} RETURNS trigger LANGUAGE plpgsql AS 'begin return null; end'`)],
  [3, on((w, d) => d.one(w.routines), ({ q, kind }) => `DROP ${kind === 'p' ? 'PROCEDURE' : kind === 'a' ? 'AGGREGATE' : 'FUNCTION'} ${q} CASCADE`)],
  [2, on((w, d) => d.one(w.routines), ({ q }) => `ALTER ROUTINE ${q} OWNER TO ${roles[2]}`)],
  [2, on((w, d) => d.one(w.policies), ({ n, of }) => `DROP POLICY ${n} ON ${of}`)],
  [2, on((w, d) => d.one(w.rules), ({ n, of }, d) => d.of(`DROP RULE ${n} ON ${of}`, `ALTER TABLE ${of} DISABLE RULE ${n}`))],
  [2, ofView],
  [2, on((w, d) => d.one(relations(w, 'm')), ({ q }) => `DROP MATERIALIZED VIEW ${q} CASCADE`)],
  [3, on((w, d) => d.one(relations(w, 'S')), ({ q }, d) => d.of(`ALTER SEQUENCE ${q} INCREMENT BY 7`, `ALTER SEQUENCE ${q} OWNER TO ${roles[2]}`, `DROP SEQUENCE ${q} CASCADE`, `ALTER SEQUENCE ${q} OWNED BY NONE`, `ALTER SEQUENCE ${q} MAXVALUE 30000 CYCLE`))],
  [3, on(table, ({ q }, d) => d.of(`ALTER TABLE ${q} DISABLE ROW LEVEL SECURITY`, `ALTER TABLE ${q} NO FORCE ROW LEVEL SECURITY`, `ALTER TABLE ${q} DISABLE TRIGGER ALL`, `ALTER TABLE ${q} OWNER TO ${roles[2]}`, `DROP TABLE ${q} CASCADE`, `ALTER TABLE ${q} RENAME TO damaged_table`, `ALTER TABLE ${q} SET UNLOGGED`, `ALTER TABLE ${q} REPLICA IDENTITY FULL`, `REVOKE ALL ON ${q} FROM ${roles[0]}, ${roles[1]}, PUBLIC`))],
  [3, on((w, d) => d.one(w.types.filter(({ kind }) => kind === 'e')), ({ q, labels }, d) => d.of(`ALTER TYPE ${q} RENAME VALUE '${(labels?.[0] ?? '').replaceAll("'", "''")}' TO 'damaged'`, `ALTER TYPE ${q} RENAME TO damaged_type`, `DROP TYPE ${q} CASCADE`))],
  [2, on((w, d) => d.one(w.types.filter(({ kind }) => kind === 'd')), ({ q, checks }, d) => d.of(`ALTER DOMAIN ${q} DROP CONSTRAINT ${d.one(checks ?? [])}`, `ALTER DOMAIN ${q} DROP NOT NULL`, `ALTER DOMAIN ${q} SET DEFAULT 'x'`))],
  [2, on((w, d) => d.one(w.types.filter(({ kind }) => kind === 'c')), ({ q }) => `ALTER TYPE ${q} ADD ATTRIBUTE damaged int`)],
  [2, on((w, d) => d.one(w.statistics), ({ q }) => `DROP STATISTICS ${q}`)],
  [2, on((w, d) => d.one(w.others), ({ kind, q }) => `DROP ${kind} ${q} CASCADE`)],
  [3, on((w, d) => d.one(relations(w, 'rp').filter(({ partition }) => partition)), ({ q, parent }) => `ALTER TABLE ${parent} DETACH PARTITION ${q}`)],
  [2, on((w, d) => d.one(relations(w, 'rp').filter(({ partition, parent }) => !partition && parent !== null)), ({ q, parent }) => `ALTER TABLE ${q} NO INHERIT ${parent}`)],
  [1, on((w, d) => d.one(w.schemas.filter((s) => s !== 'public')), (s, d) => d.of(`DROP SCHEMA ${s} CASCADE`, `ALTER SCHEMA ${s} OWNER TO ${roles[2]}`, `REVOKE ALL ON SCHEMA ${s} FROM ${roles.join(', ')}`))],
]; // prettier-ignore

/** Some damages that may be tried on the finished database. */
export function damagesOf(world: World, dice: Dice): readonly string[] {
  const list = Array.from({ length: 8 }, () => dice.pick(damages)(world, dice));
  return [...new Set(list.filter((sql) => typeof sql === 'string' && !/\bundefined\b/.test(sql)))] as string[];
}
