import type { Dice } from '../dice.ts';
import type { World } from '../world.ts';
import {
  cascade,
  columnName,
  defaultOf,
  name,
  placed,
  relations,
  roles,
  table,
  tables,
  type,
  written,
  type Family,
} from './proposal.ts';

/** Columns and constraints as CREATE TABLE lists them. */
function body(world: World, dice: Dice): string {
  const items = [
    dice.of(
      'id int PRIMARY KEY',
      'id bigserial PRIMARY KEY',
      'id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
      'id serial',
      'id int UNIQUE PRIMARY KEY',
      'id uuid PRIMARY KEY DEFAULT gen_random_uuid()',
      'id int',
    ),
  ];
  const names = new Set<string>();
  for (let left = dice.upTo(5); left > 0; left -= 1) names.add(columnName(dice));
  for (const n of names) items.push(columnOf(world, dice, n));
  if (dice.maybe(0.2)) items.push(`CONSTRAINT ${name(dice, 'ck')} CHECK (id IS NOT NULL)`);
  if (dice.maybe(0.15)) items.push(`UNIQUE (id, ${[...names][0]})`);
  if (dice.maybe(0.1)) items.push('g int GENERATED ALWAYS AS (1 + 2) STORED');
  if (dice.maybe(0.05) && world.major >= 18) items.push('vg int GENERATED ALWAYS AS (1 + 2) VIRTUAL');
  return items.join(', ');
}

function columnOf(world: World, dice: Dice, n: string): string {
  const t = type(world, dice);
  const value = defaultOf(t);
  const target = dice.one(relations(world, 'r').filter(({ columns }) => columns.some(({ n }) => n === 'id')));
  return [
    n,
    t,
    dice.maybe(0.3) ? 'NOT NULL' : '',
    value !== undefined && dice.maybe(0.5) ? `DEFAULT ${value}` : '',
    ['text', 'varchar(20)'].includes(t) && dice.maybe(0.15) ? 'COLLATE "C"' : '',
    dice.maybe(0.12) ? 'UNIQUE' : '',
    t === 'int' && dice.maybe(0.3) ? `CHECK (${n} > -9)` : '',
    t === 'int' && target !== undefined && dice.maybe(0.4)
      ? `REFERENCES ${written(dice, target.q)} (id)${dice.of('', ' ON DELETE CASCADE', ' DEFERRABLE INITIALLY DEFERRED')}`
      : '',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function bounds(by: string, dice: Dice): string {
  if (by.startsWith('HASH')) return `WITH (MODULUS 4, REMAINDER ${dice.upTo(4) - 1})`;
  if (dice.maybe(0.2)) return 'DEFAULT';
  const low = dice.upTo(9) * 10;
  if (by.startsWith('LIST')) return `IN (${low}, ${low + 1})`;
  return `FROM (${low}) TO (${low + 10})`;
}

const partitioned = (world: World) => relations(world, 'p').filter(({ by }) => by !== null);

/** Tables as wholes: made in every way, partitioned, inherited, renamed, moved, dropped. */
export const tableFamily: Family = [
  [
    10,
    (w, d) =>
      `CREATE ${d.maybe(0.08) ? 'UNLOGGED ' : ''}TABLE ${placed(w, d)} (${body(w, d)})${d.maybe(0.1) ? ' WITH (fillfactor = 70)' : ''}`,
  ],
  [
    3,
    (w, d) =>
      `CREATE TABLE ${placed(w, d, 'parts')} (id int NOT NULL, ${columnOf(w, d, columnName(d))}) PARTITION BY ${d.of('RANGE', 'LIST', 'HASH')} (id)`,
  ],
  [
    5,
    (w, d) => {
      const parent = d.one(partitioned(w));
      if (parent === undefined) return undefined;
      const sub = d.maybe(0.1) ? ` PARTITION BY ${d.of('RANGE', 'LIST')} (id)` : '';
      return `CREATE TABLE ${placed(w, d, 'part')} PARTITION OF ${written(d, parent.q)} ${bounds(parent.by ?? '', d).startsWith('DEFAULT') ? 'DEFAULT' : `FOR VALUES ${bounds(parent.by ?? '', d).replace('DEFAULT', 'IN (1)')}`}${sub}`;
    },
  ],
  [
    2,
    (w, d) => {
      const parent = d.one(partitioned(w));
      if (parent === undefined) return undefined;
      const child = name(d, 'att');
      const bound = bounds(parent.by ?? '', d);
      return [
        `CREATE TABLE ${child} (LIKE ${parent.q}${d.maybe(0.5) ? ' INCLUDING ALL' : ''})`,
        `ALTER TABLE ${parent.q} ATTACH PARTITION ${child} ${bound === 'DEFAULT' ? bound : `FOR VALUES ${bound}`}`,
      ];
    },
  ],
  [
    3,
    (w, d) => {
      const child = d.one(tables(w).filter(({ partition }) => partition));
      return child === undefined
        ? undefined
        : `ALTER TABLE ${child.parent} DETACH PARTITION ${child.q}${d.maybe(0.35) ? ' CONCURRENTLY' : ''}`;
    },
  ],
  [
    2,
    (w, d) => {
      const parent = d.one(relations(w, 'r').filter(({ partition }) => !partition));
      return parent === undefined
        ? undefined
        : `CREATE TABLE ${placed(w, d, 'kid')} (extra int${d.maybe(0.3) ? ' DEFAULT 4' : ''}) INHERITS (${written(d, parent.q)})`;
    },
  ],
  [
    1,
    (w, d) => {
      const child = d.one(relations(w, 'r').filter(({ parent, partition }) => parent !== null && !partition));
      return child === undefined ? undefined : `ALTER TABLE ${child.q} NO INHERIT ${child.parent}`;
    },
  ],
  [
    1,
    (w, d) => {
      const parent = d.one(relations(w, 'r'));
      if (parent === undefined) return undefined;
      const child = name(d, 'heir');
      return [
        `CREATE TABLE ${child} (LIKE ${parent.q} INCLUDING CONSTRAINTS)`,
        `ALTER TABLE ${child} INHERIT ${parent.q}`,
      ];
    },
  ],
  [
    2,
    (w, d) =>
      table(w, d) === undefined
        ? undefined
        : `CREATE TABLE ${placed(w, d, 'like')} (LIKE ${table(w, d)?.q} INCLUDING ALL)`,
  ],
  [
    2,
    (w, d) => {
      const of = d.one(relations(w, 'rpvm'));
      const into = name(d, 'as');
      return of === undefined
        ? undefined
        : d.of(
            `CREATE TABLE ${into} AS SELECT * FROM ${of.q}`,
            `CREATE TABLE ${into} AS TABLE ${of.q} WITH NO DATA`,
            `SELECT 1 AS one, 'x'::text AS two INTO ${into}`,
          );
    },
  ],
  [
    1,
    (w, d) => {
      const of = d.one(w.types.filter(({ kind }) => kind === 'c'));
      return of === undefined ? undefined : `CREATE TABLE ${placed(w, d, 'of')} OF ${of.q}`;
    },
  ],
  [
    5,
    (w, d) => {
      const of = table(w, d);
      return of === undefined
        ? undefined
        : `DROP TABLE ${d.maybe(0.3) ? 'IF EXISTS ' : ''}${written(d, of.q)}${cascade(d)}`;
    },
  ],
  [
    4,
    (w, d) => {
      const of = table(w, d);
      return of === undefined
        ? undefined
        : `ALTER TABLE ${d.maybe(0.2) ? 'IF EXISTS ' : ''}${written(d, of.q)} RENAME TO ${name(d)}`;
    },
  ],
  [
    2,
    (w, d) => {
      const of = d.one(relations(w, 'rpvmS'));
      return of === undefined ? undefined : `ALTER TABLE ${of.q} SET SCHEMA ${d.one(w.schemas)}`;
    },
  ],
  [
    2,
    (w, d) => {
      const of = d.one(relations(w, 'rpvmS'));
      return of === undefined ? undefined : `ALTER TABLE ${of.q} OWNER TO ${d.of(...roles)}`;
    },
  ],
  [
    2,
    (w, d) => {
      const [a, b] = d.some(
        relations(w, 'r').filter(({ partition, parent }) => !partition && parent === null),
        2,
      );
      if (a === undefined || b === undefined || a.s !== b.s) return undefined;
      return [
        `ALTER TABLE ${a.q} RENAME TO swap_tmp`,
        `ALTER TABLE ${b.q} RENAME TO ${quoted(a.n)}`,
        `ALTER TABLE ${quoted(a.s)}.swap_tmp RENAME TO ${quoted(b.n)}`,
      ];
    },
  ],
  [
    2,
    (w, d) => {
      const of = d.one(relations(w, 'r').filter(({ s }) => s === 'public'));
      if (of === undefined) return undefined;
      return [
        `CREATE TABLE fresh_copy (LIKE ${of.q} INCLUDING ALL)`,
        `DROP TABLE ${of.q}${cascade(d)}`,
        `ALTER TABLE fresh_copy RENAME TO ${quoted(of.n)}`,
      ];
    },
  ],
  [
    1,
    (w, d) => {
      const of = d.one(relations(w, 'r'));
      return of === undefined ? undefined : [`DROP TABLE ${of.q} CASCADE`, `CREATE TABLE ${of.q} (${body(w, d)})`];
    },
  ],
  [
    6,
    (w, d) => {
      const of = table(w, d);
      if (of === undefined) return undefined;
      const index = d.one(w.indexes.filter((i) => i.of === of.q));
      const trigger = d.one(w.triggers.filter((t) => t.of === of.q));
      const rule = d.one(w.rules.filter((r) => r.of === of.q));
      return `ALTER TABLE ${written(d, of.q)} ${d.of(
        'ENABLE ROW LEVEL SECURITY',
        'DISABLE ROW LEVEL SECURITY',
        'FORCE ROW LEVEL SECURITY',
        'NO FORCE ROW LEVEL SECURITY',
        'SET UNLOGGED',
        'SET LOGGED',
        'SET (fillfactor = 60)',
        'RESET (fillfactor)',
        'SET (autovacuum_enabled = false)',
        'REPLICA IDENTITY FULL',
        'REPLICA IDENTITY NOTHING',
        'REPLICA IDENTITY DEFAULT',
        'DISABLE TRIGGER ALL',
        'ENABLE TRIGGER ALL',
        'DISABLE TRIGGER USER',
        'SET WITHOUT CLUSTER',
        'SET ACCESS METHOD heap',
        `CLUSTER ON ${index?.n}`,
        `REPLICA IDENTITY USING INDEX ${index?.n}`,
        `DISABLE TRIGGER ${trigger?.n}`,
        `ENABLE ${d.of('', 'ALWAYS ', 'REPLICA ')}TRIGGER ${trigger?.n}`,
        `DISABLE RULE ${rule?.n}`,
        `ENABLE ${d.of('', 'ALWAYS ')}RULE ${rule?.n}`,
      )}`;
    },
  ],
  [
    1,
    (w, d) => {
      const index = d.one(w.indexes.filter(({ def }) => def === 'i'));
      return index === undefined ? undefined : `CLUSTER ${index.of} USING ${index.n}`;
    },
  ],
  [1, (w, d) => (table(w, d) === undefined ? undefined : `VACUUM ${d.of('FULL ', 'ANALYZE ', '')}${table(w, d)?.q}`)],
];

/** A bare name, quoted whether it must be or not. */
function quoted(bare: string): string {
  return `"${bare.replaceAll('"', '""')}"`;
}
