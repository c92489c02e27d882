import type { Dice } from './dice.ts';
import { weakenings } from './foreign.ts';
import { column, on, relations, roles, table, type Family, type Proposal } from './statements/proposal.ts';
import type { World } from './world.ts';

const ofView: Proposal = on(
  (w, d) => d.one(relations(w, 'v')),
  ({ q }) => `DROP VIEW ${q} CASCADE`,
);

/** Damages of everything that migrations make. */
const damages: Family = [
  ...weakenings,
  [
    4,
    on(
      (w, d) => column(w, d, ({ inherited }) => !inherited),
      ({ of, column }) => `ALTER TABLE ${of.q} DROP COLUMN ${column.n} CASCADE`,
    ),
  ],
  [
    3,
    on(
      (w, d) => column(w, d, ({ type }) => type === 'integer' || type === 'text'),
      ({ of, column }) =>
        `ALTER TABLE ${of.q} ALTER ${column.n} TYPE ${column.type === 'text' ? 'varchar(200)' : 'bigint'}`,
    ),
  ],
  [
    3,
    on(
      (w, d) => column(w, d),
      ({ of, column }) => `ALTER TABLE ${of.q} RENAME ${column.n} TO damaged`,
    ),
  ],
  [
    4,
    on(
      (w, d) => d.one(w.constraints),
      ({ n, of }) => `ALTER TABLE ${of} DROP CONSTRAINT ${n} CASCADE`,
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(w.indexes),
      ({ q }) => `ALTER INDEX ${q} RENAME TO damaged_index`,
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(w.indexes.filter(({ kind }) => kind === 'u')),
      ({ q, n, of }) => `DROP INDEX ${q}; CREATE INDEX ${n} ON ${of} (id)`,
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(w.triggers),
      ({ n, of }, d) =>
        d.of(
          `DROP TRIGGER ${n} ON ${of}`,
          `ALTER TABLE ${of} ENABLE REPLICA TRIGGER ${n}`,
          `ALTER TABLE ${of} DISABLE TRIGGER ALL`,
        ),
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(w.routines.filter(({ returns }) => returns === 'trigger')),
      ({ q }) => `CREATE OR REPLACE FUNCTION ${q} RETURNS trigger LANGUAGE plpgsql AS 'begin return null; end'`,
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(w.routines),
      ({ q, kind }) => `DROP ${kind === 'p' ? 'PROCEDURE' : kind === 'a' ? 'AGGREGATE' : 'FUNCTION'} ${q} CASCADE`,
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.routines),
      ({ q }) => `ALTER ROUTINE ${q} OWNER TO ${roles[2]}`,
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.policies),
      ({ n, of }) => `DROP POLICY ${n} ON ${of}`,
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.rules),
      ({ n, of }, d) => d.of(`DROP RULE ${n} ON ${of}`, `ALTER TABLE ${of} DISABLE RULE ${n}`),
    ),
  ],
  [2, ofView],
  [
    2,
    on(
      (w, d) => d.one(relations(w, 'm')),
      ({ q }) => `DROP MATERIALIZED VIEW ${q} CASCADE`,
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(relations(w, 'S')),
      ({ q }, d) =>
        d.of(
          `ALTER SEQUENCE ${q} INCREMENT BY 7`,
          `ALTER SEQUENCE ${q} OWNER TO ${roles[2]}`,
          `DROP SEQUENCE ${q} CASCADE`,
          `ALTER SEQUENCE ${q} OWNED BY NONE`,
          `ALTER SEQUENCE ${q} MAXVALUE 30000 CYCLE`,
        ),
    ),
  ],
  [
    3,
    on(table, ({ q }, d) =>
      d.of(
        `ALTER TABLE ${q} DISABLE ROW LEVEL SECURITY`,
        `ALTER TABLE ${q} NO FORCE ROW LEVEL SECURITY`,
        `ALTER TABLE ${q} DISABLE TRIGGER ALL`,
        `ALTER TABLE ${q} OWNER TO ${roles[2]}`,
        `DROP TABLE ${q} CASCADE`,
        `ALTER TABLE ${q} RENAME TO damaged_table`,
        `ALTER TABLE ${q} SET UNLOGGED`,
        `ALTER TABLE ${q} REPLICA IDENTITY FULL`,
        `REVOKE ALL ON ${q} FROM ${roles[0]}, ${roles[1]}, PUBLIC`,
      ),
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(w.types.filter(({ kind }) => kind === 'e')),
      ({ q, labels }, d) =>
        d.of(
          `ALTER TYPE ${q} RENAME VALUE '${(labels?.[0] ?? '').replaceAll("'", "''")}' TO 'damaged'`,
          `ALTER TYPE ${q} RENAME TO damaged_type`,
          `DROP TYPE ${q} CASCADE`,
        ),
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.types.filter(({ kind }) => kind === 'd')),
      ({ q, checks }, d) =>
        d.of(
          `ALTER DOMAIN ${q} DROP CONSTRAINT ${d.one(checks ?? [])}`,
          `ALTER DOMAIN ${q} DROP NOT NULL`,
          `ALTER DOMAIN ${q} SET DEFAULT 'x'`,
        ),
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.types.filter(({ kind }) => kind === 'c')),
      ({ q }) => `ALTER TYPE ${q} ADD ATTRIBUTE damaged int`,
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.statistics),
      ({ q }) => `DROP STATISTICS ${q}`,
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.others),
      ({ kind, q }) => `DROP ${kind} ${q} CASCADE`,
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(relations(w, 'rp').filter(({ partition }) => partition)),
      ({ q, parent }) => `ALTER TABLE ${parent} DETACH PARTITION ${q}`,
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(relations(w, 'rp').filter(({ partition, parent }) => !partition && parent !== null)),
      ({ q, parent }) => `ALTER TABLE ${q} NO INHERIT ${parent}`,
    ),
  ],
  [
    1,
    on(
      (w, d) => d.one(w.schemas.filter((s) => s !== 'public')),
      (s, d) =>
        d.of(
          `DROP SCHEMA ${s} CASCADE`,
          `ALTER SCHEMA ${s} OWNER TO ${roles[2]}`,
          `REVOKE ALL ON SCHEMA ${s} FROM ${roles.join(', ')}`,
        ),
    ),
  ],
];

/** Some damages that may be tried on the finished database. */
export function damagesOf(world: World, dice: Dice): readonly string[] {
  const list = Array.from({ length: 8 }, () => dice.pick(damages)(world, dice));
  return [...new Set(list.filter((sql) => typeof sql === 'string' && !/\bundefined\b/.test(sql)))] as string[];
}
