import { cascade, column, condition, name, on, relations, written, type Family } from './proposal.ts';

/** Indexes: of every method, beside the traffic or not, renamed, rebuilt, dropped. */
export const indexFamily: Family = [
  [
    6,
    on(
      (w, d) => column(w, d),
      ({ of, column }, d) =>
        `CREATE ${d.of('', '', 'UNIQUE ')}INDEX ${d.maybe(0.6) ? name(d, 'ix') : ''} ON ${written(d, of.q)} (${column.n}${d.of('', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST')})${d.of('', '', ` WHERE ${condition(column, d)}`, ' INCLUDE (id)', ' WITH (fillfactor = 80)')}`,
    ),
  ],
  [
    2,
    on(
      (w, d) => column(w, d, ({ category }) => category === 'S'),
      ({ of, column }, d) =>
        `CREATE INDEX ${name(d, 'low')} ON ${of.q} (${d.of(`lower(${column.n})`, `(${column.n} COLLATE "C")`, `${column.n} COLLATE "C"`, `${column.n} text_pattern_ops`)})`,
    ),
  ],
  [
    1,
    on(
      column,
      ({ of, column }, d) => `CREATE INDEX ON ${of.q} USING ${d.of('brin', 'hash', 'gin', 'gist')} (${column.n})`,
    ),
  ],
  [
    1,
    on(
      (w, d) => d.one(relations(w, 'p')),
      (of, d) => `CREATE INDEX ${name(d, 'only')} ON ONLY ${of.q} (id)`,
    ),
  ],
  [
    3,
    on(
      column,
      ({ of, column }, d) =>
        `CREATE ${d.of('', 'UNIQUE ')}INDEX CONCURRENTLY ${d.maybe(0.3) ? 'IF NOT EXISTS ' : ''}${name(d, 'cic')} ON ${written(d, of.q)} (${column.n})`,
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(relations(w, 'm')),
      (of, d) => `CREATE UNIQUE INDEX ON ${of.q} (${d.one(of.columns)?.n})`,
    ),
  ],
  [
    4,
    on(
      (w, d) => d.one(w.indexes),
      ({ q }, d) => `DROP INDEX ${d.maybe(0.2) ? 'IF EXISTS ' : ''}${written(d, q)}${cascade(d)}`,
    ),
  ],
  [
    1,
    on(
      (w, d) => d.one(w.indexes),
      ({ q }) => `DROP INDEX CONCURRENTLY ${q}`,
    ),
  ],
  [
    4,
    on(
      (w, d) => d.one(w.indexes),
      ({ q }, d) =>
        `ALTER ${d.of('INDEX', 'INDEX', 'TABLE')} ${d.maybe(0.1) ? 'IF EXISTS ' : ''}${written(d, q)} RENAME TO ${name(d, 'renamed')}`,
    ),
  ],
  [
    1,
    on(
      (w, d) => d.one(w.indexes),
      ({ q }, d) => `ALTER INDEX ${q} ${d.of('SET (fillfactor = 55)', 'RESET (fillfactor)')}`,
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.indexes),
      ({ q, of }, d) =>
        d.of(
          `REINDEX INDEX ${q}`,
          `REINDEX INDEX CONCURRENTLY ${q}`,
          `REINDEX TABLE ${of}`,
          `REINDEX TABLE CONCURRENTLY ${of}`,
        ),
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.indexes.filter(({ kind }) => kind === 'i')),
      ({ q, n, of }, d) => [`DROP INDEX ${q}`, `CREATE INDEX ${n} ON ${of} (id${d.of('', ' DESC')})`],
    ),
  ],
  [
    1,
    on(
      (w, d) =>
        d.some(
          w.indexes.filter(({ q }) => q.startsWith('public.')),
          2,
        ),
      ([a, b]) =>
        a === undefined || b === undefined ? undefined : [`DROP INDEX ${a.q}`, `ALTER INDEX ${b.q} RENAME TO ${a.n}`],
    ),
  ],
];
