import type { Dice } from '../dice.ts';
import type { World } from '../world.ts';
import { cascade, column, name, on, placed, roles, written, type Family } from './proposal.ts';

const ofKind = (kind: string) => (world: World, dice: Dice) =>
  dice.one(world.types.filter((type) => type.kind === kind));
const labels = ['new', 'open', 'done', `it''s`, 'lost', 'Übrig'] as const;

/** Types of every kind. */
export const typeFamily: Family = [
  [
    4,
    (w, d) =>
      `CREATE TYPE ${placed(w, d, 'enum')} AS ENUM (${d
        .some(labels, 4)
        .map((label) => `'${label}'`)
        .join(', ')})`,
  ],
  [
    4,
    on(
      ofKind('e'),
      ({ q, labels }, d) =>
        `ALTER TYPE ${written(d, q)} ADD VALUE ${d.maybe(0.3) ? 'IF NOT EXISTS ' : ''}'${d.of('late', 'later', 'latest', 'done')}'${labels !== null && labels.length > 0 && d.maybe(0.4) ? ` ${d.of('BEFORE', 'AFTER')} '${(d.one(labels) ?? '').replaceAll("'", "''")}'` : ''}`,
    ),
  ],
  [
    2,
    on(
      ofKind('e'),
      ({ q, labels }, d) =>
        `ALTER TYPE ${q} RENAME VALUE '${(d.one(labels ?? []) ?? '').replaceAll("'", "''")}' TO '${d.of('renamed', 'again', 'third')}'`,
    ),
  ],
  [
    3,
    on(
      (w, d) => column(w, d, ({ labels }, { partition }) => labels !== null && !partition),
      ({ of, column }) => [
        `ALTER TABLE ${of.q} ALTER ${column.n} DROP DEFAULT`,
        `ALTER TYPE ${column.type} RENAME TO enum_before`,
        `CREATE TYPE ${column.type} AS ENUM (${(column.labels ?? []).map((label) => `'${label.replaceAll("'", "''")}'`).join(', ')}, 'added')`,
        `ALTER TABLE ${of.q} ALTER ${column.n} TYPE ${column.type} USING ${column.n}::text::${column.type}`,
        `DROP TYPE ${column.type.includes('.') ? `${column.type.split('.')[0]}.` : ''}enum_before CASCADE`,
      ],
    ),
  ],
  [
    3,
    (w, d) =>
      `CREATE DOMAIN ${placed(w, d, 'dom')} AS ${d.of('int', 'text', 'text COLLATE "C"', 'numeric(6,2)', 'int[]')}${d.of('', ' NOT NULL', ' DEFAULT NULL')}${d.of('', ' CHECK (VALUE IS NOT NULL)', ` CONSTRAINT ${name(d, 'dck')} CHECK (VALUE IS NOT NULL)`)}`,
  ],
  [
    3,
    on(
      ofKind('d'),
      ({ q, checks }, d) =>
        `ALTER DOMAIN ${q} ${d.of('SET DEFAULT NULL', 'SET NOT NULL', 'DROP NOT NULL', 'DROP DEFAULT', `ADD CONSTRAINT ${name(d, 'dc')} CHECK (VALUE IS NOT NULL OR VALUE IS NULL)`, `ADD CHECK (VALUE IS DISTINCT FROM NULL) NOT VALID`, `DROP CONSTRAINT ${d.one(checks ?? [])}`, `RENAME CONSTRAINT ${d.one(checks ?? [])} TO ${name(d, 'dc')}`, `VALIDATE CONSTRAINT ${d.one(checks ?? [])}`, `OWNER TO ${roles[2]}`)}`,
    ),
  ],
  [2, (w, d) => `CREATE TYPE ${placed(w, d, 'comp')} AS (one int, two ${d.of('text', 'numeric(5,1)', 'date')})`],
  [
    3,
    on(
      ofKind('c'),
      ({ q, attributes }, d) =>
        `ALTER TYPE ${q} ${d.of(`ADD ATTRIBUTE ${name(d, 'at')} text`, `DROP ATTRIBUTE ${d.one(attributes ?? [])}`, `RENAME ATTRIBUTE ${d.one(attributes ?? [])} TO ${name(d, 'at')} CASCADE`, `ALTER ATTRIBUTE ${d.one(attributes ?? [])} TYPE bigint CASCADE`)}`,
    ),
  ],
  [1, (_w, d) => `CREATE TYPE ${name(d, 'range')} AS RANGE (SUBTYPE = ${d.of('float8', 'int', 'date')})`],
  [
    4,
    on(
      (w, d) => d.one(w.types),
      ({ q, kind }, d, w) =>
        `ALTER ${kind === 'd' ? 'DOMAIN' : 'TYPE'} ${written(d, q)} ${d.of(`RENAME TO ${name(d, 'type')}`, `RENAME TO ${name(d, 'type')}`, `SET SCHEMA ${d.one(w.schemas)}`, `OWNER TO ${d.of(...roles)}`)}`,
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.types),
      ({ q, kind }, d) =>
        `DROP ${kind === 'd' ? 'DOMAIN' : 'TYPE'} ${d.maybe(0.2) ? 'IF EXISTS ' : ''}${q}${cascade(d)}`,
    ),
  ],
  [
    1,
    on(
      (w, d) =>
        d.some(
          w.types.filter(({ kind, s }) => kind === 'e' && s === 'public'),
          2,
        ),
      ([a, b]) =>
        a === undefined || b === undefined ? undefined : [`DROP TYPE ${a.q}`, `ALTER TYPE ${b.q} RENAME TO ${a.n}`],
    ),
  ],
];
