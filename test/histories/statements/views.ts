import { cascade, columnName, name, on, relations, roles, written, type Family } from './proposal.ts';

/** Views and materialized views. */
export const viewFamily: Family = [
  [
    5,
    on(
      (w, d) => d.one(relations(w, 'rpv')),
      (of, d, w) => {
        const columns = d.some(of.columns, 4).map(({ n }) => n);
        if (columns.length === 0) return undefined;
        return `CREATE ${d.maybe(0.3) ? 'OR REPLACE ' : ''}VIEW ${d.one(relations(w, 'v'))?.q !== undefined && d.maybe(0.2) ? d.one(relations(w, 'v'))?.q : name(d, 'v')}${d.of('', '', ' WITH (security_barrier)')} AS SELECT ${columns.join(', ')} FROM ${written(d, of.q)}${d.of('', ` WHERE ${columns[0]} IS NOT NULL`)}`;
      },
    ),
  ],
  [
    2,
    on(
      (w, d) => d.some(relations(w, 'rp'), 2),
      ([a, b], d) =>
        a === undefined || b === undefined
          ? undefined
          : `CREATE VIEW ${name(d, 'join')} AS SELECT a.*, b.id AS other FROM ${a.q} a LEFT JOIN ${b.q} b USING (id)`,
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(relations(w, 'rpv')),
      (of, d) => `CREATE MATERIALIZED VIEW ${name(d, 'mv')} AS SELECT * FROM ${of.q}${d.of('', ' WITH NO DATA')}`,
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(relations(w, 'm')),
      ({ q }, d) =>
        d.of(
          `REFRESH MATERIALIZED VIEW ${q}`,
          `REFRESH MATERIALIZED VIEW CONCURRENTLY ${q}`,
          `ALTER MATERIALIZED VIEW ${q} RENAME TO ${name(d, 'mv')}`,
          `DROP MATERIALIZED VIEW ${q}${cascade(d)}`,
        ),
    ),
  ],
  [
    4,
    on(
      (w, d) => d.one(relations(w, 'v')),
      ({ q, columns }, d, w) =>
        d.of(
          `ALTER VIEW ${q} RENAME TO ${name(d, 'v')}`,
          `ALTER ${d.of('VIEW', 'TABLE')} ${q} RENAME COLUMN ${d.one(columns)?.n} TO ${columnName(d)}`,
          `ALTER VIEW ${q} SET (${d.of('security_barrier = true', 'security_invoker = true', 'check_option = local')})`,
          `ALTER VIEW ${q} OWNER TO ${roles[2]}`,
          `DROP VIEW ${d.maybe(0.2) ? 'IF EXISTS ' : ''}${written(d, q)}${cascade(d)}`,
          `ALTER VIEW ${q} ALTER ${d.one(columns)?.n} SET DEFAULT NULL`,
          `ALTER VIEW ${q} SET SCHEMA ${d.one(w.schemas)}`,
        ),
    ),
  ],
  [
    1,
    on(
      (w, d) =>
        d.some(
          relations(w, 'v').filter(({ s }) => s === 'public'),
          2,
        ),
      ([a, b]) =>
        a === undefined || b === undefined
          ? undefined
          : [`DROP VIEW ${a.q}`, `ALTER VIEW ${b.q} RENAME TO ${a.q.slice('public.'.length)}`],
    ),
  ],
];
