import type { Dice } from '../dice.ts';
import type { World } from '../world.ts';
import { cascade, column, name, on, placed, relations, roles, table, tables, type Family } from './proposal.ts';

const other = (kind: string) => (world: World, dice: Dice) =>
  dice.one(world.others.filter((thing) => thing.kind === kind));

/** Schemas, sequences, extensions, rights, comments, and what is rare. */
export const otherFamily: Family = [
  [
    3,
    (_w, d) =>
      `CREATE SCHEMA ${d.maybe(0.2) ? 'IF NOT EXISTS ' : ''}${d.of('billing', 'stock', '"My Schema"', 'archive')}${d.of('', '', ` AUTHORIZATION ${roles[2]}`)}`,
  ],
  [
    2,
    on(
      (w, d) => d.one(w.schemas.filter((s) => s !== 'public')),
      (s, d) =>
        d.of(
          `ALTER SCHEMA ${s} RENAME TO ${d.of('billing', 'moved', 'stock')}`,
          `ALTER SCHEMA ${s} OWNER TO ${roles[2]}`,
          `DROP SCHEMA ${s}${cascade(d)}`,
          `GRANT USAGE ON SCHEMA ${s} TO ${d.of(...roles)}`,
          `GRANT CREATE ON SCHEMA ${s} TO ${roles[1]} WITH GRANT OPTION`,
        ),
    ),
  ],
  [
    3,
    (w, d) =>
      `CREATE SEQUENCE ${placed(w, d, 'sq')}${d.of('', ' AS smallint', ' START 5 INCREMENT BY 2', ' CYCLE MAXVALUE 900', ' CACHE 5')}`,
  ],
  [
    4,
    on(
      (w, d) => d.one(relations(w, 'S')),
      ({ q }, d, w) => {
        const owner = column(w, d);
        return d.of(
          `ALTER SEQUENCE ${q} RENAME TO ${name(d, 'sq')}`,
          `ALTER TABLE ${q} RENAME TO ${name(d, 'sq')}`,
          `ALTER SEQUENCE ${q} INCREMENT BY ${d.upTo(5)}`,
          `ALTER SEQUENCE ${q} OWNED BY ${owner === undefined ? 'NONE' : `${owner.of.q}.${owner.column.n}`}`,
          `ALTER SEQUENCE ${q} OWNED BY NONE`,
          `ALTER SEQUENCE ${q} CYCLE RESTART`,
          `ALTER SEQUENCE ${q} AS bigint`,
          `DROP SEQUENCE ${q}${cascade(d)}`,
          `SELECT nextval('${q}')`,
          `SELECT setval('${q}', 40)`,
        );
      },
    ),
  ],
  [
    4,
    on(
      (w, d) => d.one(relations(w, 'rpvmS')),
      ({ q, kind, columns }, d) =>
        d.of(
          `GRANT ${kind === 'S' ? 'USAGE' : d.of('SELECT', 'ALL', 'INSERT, UPDATE')} ON ${q} TO ${d.of('PUBLIC', ...roles)}${d.of('', ' WITH GRANT OPTION')}`,
          `REVOKE ALL ON ${q} FROM ${d.of('PUBLIC', ...roles)} CASCADE`,
          `GRANT SELECT (${d.one(columns)?.n}) ON ${q} TO ${d.of(...roles)}`,
          `REVOKE SELECT (${d.one(columns)?.n}) ON ${q} FROM ${d.of(...roles)}`,
        ),
    ),
  ],
  [
    1,
    on(
      (w, d) => d.one(w.schemas),
      (s, d) =>
        d.of(
          `GRANT SELECT ON ALL TABLES IN SCHEMA ${s} TO ${roles[0]}`,
          `REVOKE ALL ON ALL TABLES IN SCHEMA ${s} FROM ${roles[0]}`,
          `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${s} TO ${roles[1]}`,
          `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${s} TO ${roles[1]}`,
          `REVOKE CREATE ON SCHEMA ${s} FROM PUBLIC`,
        ),
    ),
  ],
  [
    1,
    on(
      (w, d) => d.one(w.schemas),
      (s, d) =>
        `ALTER DEFAULT PRIVILEGES ${d.of('', `IN SCHEMA ${s} `)}${d.of('GRANT', 'GRANT', 'REVOKE')} ${d.of('SELECT', 'INSERT')} ON TABLES ${d.of('TO', 'FROM')} ${roles[0]}`,
    ),
  ],
  [
    1,
    on(
      (w, d) => d.one(w.types),
      ({ q }, d) => `${d.of('GRANT', 'REVOKE')} USAGE ON TYPE ${q} ${d.of('TO', 'FROM')} ${d.of('PUBLIC', ...roles)}`,
    ),
  ],
  [
    6,
    on(
      (w, d) =>
        d.one([
          ...tables(w).map(({ q }) => `TABLE ${q}`),
          ...tables(w).flatMap(({ q, columns }) => columns.slice(0, 2).map(({ n }) => `COLUMN ${q}.${n}`)),
          ...w.constraints.map(({ n, of }) => `CONSTRAINT ${n} ON ${of}`),
          ...w.indexes.map(({ q }) => `INDEX ${q}`),
          ...w.triggers.map(({ n, of }) => `TRIGGER ${n} ON ${of}`),
          ...w.policies.map(({ n, of }) => `POLICY ${n} ON ${of}`),
          ...w.rules.map(({ n, of }) => `RULE ${n} ON ${of}`),
          ...relations(w, 'v').map(({ q }) => `VIEW ${q}`),
          ...relations(w, 'S').map(({ q }) => `SEQUENCE ${q}`),
          ...w.types.map(({ q, kind }) => `${kind === 'd' ? 'DOMAIN' : 'TYPE'} ${q}`),
          ...w.routines.map(
            ({ q, kind }) => `${kind === 'p' ? 'PROCEDURE' : kind === 'a' ? 'AGGREGATE' : 'FUNCTION'} ${q}`,
          ),
          ...w.schemas.map((s) => `SCHEMA ${s}`),
          ...w.others.map(({ kind, q }) => `${kind} ${q}`),
          ...w.statistics.map(({ q }) => `STATISTICS ${q}`),
        ]),
      (what, d) => `COMMENT ON ${what} IS ${d.of("'what it is'", "'it''s about\n two lines'", "'other'", 'NULL')}`,
    ),
  ],
  [
    1,
    (_w, d) =>
      `CREATE EXTENSION ${d.maybe(0.4) ? 'IF NOT EXISTS ' : ''}${d.of('citext', 'hstore', 'pgcrypto', 'btree_gist', 'pg_trgm', 'tsm_system_rows')}`,
  ],
  [
    1,
    on(other('EXTENSION'), ({ q }, d, w) =>
      d.of(`DROP EXTENSION ${q}${cascade(d)}`, `ALTER EXTENSION ${q} SET SCHEMA ${d.one(w.schemas)}`),
    ),
  ],
  [
    1,
    (_w, d) =>
      d.of(
        'CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, COMMUTATOR = ===)',
        'CREATE OPERATOR <-->(LEFTARG = text, RIGHTARG = text, FUNCTION = textne)',
      ),
  ],
  [
    1,
    on(
      (w, d) => d.one(w.others.filter(({ kind }) => kind !== 'EXTENSION' && kind !== 'EVENT TRIGGER')),
      ({ kind, q }, d) =>
        d.of(
          `DROP ${kind} ${q}`,
          `DROP ${kind} IF EXISTS ${q}${cascade(d)}`,
          kind === 'CAST' ? `COMMENT ON CAST ${q} IS 'cast'` : `ALTER ${kind} ${q} OWNER TO ${roles[2]}`,
          `ALTER ${kind} ${q} RENAME TO ${name(d, 'oth')}`,
        ),
    ),
  ],
  [
    1,
    (w, d) =>
      `CREATE COLLATION ${placed(w, d, 'coll')} (provider = icu, locale = '${d.of('de', 'sv')}'${d.of('', ', deterministic = false')})`,
  ],
  [
    1,
    (w, d) =>
      d.maybe(0.5)
        ? `CREATE TEXT SEARCH CONFIGURATION ${placed(w, d, 'cfg')} (COPY = ${d.of('simple', 'english')})`
        : `CREATE TEXT SEARCH DICTIONARY ${placed(w, d, 'dict')} (TEMPLATE = simple, STOPWORDS = english)`,
  ],
  [
    1,
    on(
      other('TEXT SEARCH CONFIGURATION'),
      ({ q }) => `ALTER TEXT SEARCH CONFIGURATION ${q} ALTER MAPPING FOR word WITH simple`,
    ),
  ],
  [1, on(table, ({ q }, d) => `CREATE PUBLICATION ${name(d, 'pub')} FOR ${d.of(`TABLE ${q}`, 'ALL TABLES')}`)],
  [
    1,
    on(other('PUBLICATION'), ({ q }, d, w) =>
      d.of(
        `ALTER PUBLICATION ${q} ADD TABLE ${table(w, d)?.q}`,
        `ALTER PUBLICATION ${q} SET (publish = 'insert')`,
        `ALTER PUBLICATION ${q} DROP TABLE ${table(w, d)?.q}`,
      ),
    ),
  ],
  [
    1,
    on(
      (w, d) => d.one(w.types.filter(({ kind }) => kind === 'e')),
      ({ q }, d) => `CREATE CAST (${q} AS ${d.of('int', 'bigint')}) WITH INOUT${d.of('', ' AS ASSIGNMENT')}`,
    ),
  ],
  [
    1,
    (_w, d) => {
      const server = name(d, 'srv');
      return [
        `CREATE FOREIGN DATA WRAPPER ${server}_w`.replace('"_w', '_w"'),
        `CREATE SERVER ${server} FOREIGN DATA WRAPPER ${`${server}_w`.replace('"_w', '_w"')}`,
        `CREATE FOREIGN TABLE ${name(d, 'ft')} (a int NOT NULL, b text) SERVER ${server} OPTIONS (k 'v')`,
      ];
    },
  ],
];
