import { cascade, column, condition, name, on, table, tables, written, type Family } from './proposal.ts';

/** Constraints: with and without a name, validated, exchanged, dropped. */
export const constraintFamily: Family = [
  [
    4,
    on(
      column,
      ({ of, column }, d) =>
        `ALTER TABLE ${written(d, of.q)} ADD ${d.maybe(0.5) ? `CONSTRAINT ${name(d, 'ck')} ` : ''}CHECK (${condition(column, d)})${d.of('', ' NOT VALID', ' NO INHERIT', '')}`,
    ),
  ],
  [
    3,
    on(
      column,
      ({ of, column }, d) =>
        `ALTER TABLE ${of.q} ADD ${d.maybe(0.5) ? `CONSTRAINT ${name(d, 'uq')} ` : ''}UNIQUE ${d.maybe(0.2) ? 'NULLS NOT DISTINCT ' : ''}(${column.n})${d.maybe(0.2) ? ' DEFERRABLE' : ''}`,
    ),
  ],
  [
    2,
    on(
      column,
      ({ of, column }, d) => `ALTER TABLE ${of.q} ADD PRIMARY KEY (${d.of('id', column.n, `id, ${column.n}`)})`,
    ),
  ],
  [
    4,
    on(column, ({ of, column }, d, w) => {
      const target = d.one(tables(w));
      return `ALTER TABLE ${of.q} ADD ${d.maybe(0.4) ? `CONSTRAINT ${name(d, 'fk')} ` : ''}FOREIGN KEY (${column.n}) REFERENCES ${target?.q} (${d.of('id', column.n)})${d.of('', ' ON DELETE CASCADE', ' ON UPDATE SET NULL', ' NOT VALID', ' DEFERRABLE INITIALLY DEFERRED')}`;
    }),
  ],
  [
    1,
    on(
      table,
      (of, d) =>
        `ALTER TABLE ${of.q} ADD CONSTRAINT ${name(d, 'ex')} EXCLUDE USING gist (int4range(id, id + 1) WITH &&)`,
    ),
  ],
  [
    5,
    on(
      (w, d) => d.one(w.constraints),
      ({ n, of }, d) =>
        `ALTER TABLE ${written(d, of)} DROP CONSTRAINT ${d.maybe(0.2) ? 'IF EXISTS ' : ''}${n}${cascade(d)}`,
    ),
  ],
  [
    3,
    on(
      (w, d) => d.one(w.constraints),
      ({ n, of }, d) => `ALTER TABLE ${of} RENAME CONSTRAINT ${n} TO ${name(d, 'c')}`,
    ),
  ],
  [
    2,
    on(
      (w, d) => d.one(w.constraints.filter(({ def }) => def.endsWith('NOT VALID'))),
      ({ n, of }) => `ALTER TABLE ${of} VALIDATE CONSTRAINT ${n}`,
    ),
  ],
  [
    1,
    on(
      (w, d) => d.one(w.constraints.filter(({ kind }) => kind === 'f')),
      ({ n, of }, d) =>
        `ALTER TABLE ${of} ALTER CONSTRAINT ${n} ${d.of('DEFERRABLE INITIALLY DEFERRED', 'NOT DEFERRABLE', 'DEFERRABLE')}`,
    ),
  ],
  // Dropped and made again, so that the same name comes back with or without being said.
  [
    5,
    on(
      (w, d) => d.one(w.constraints),
      ({ n, of, def, kind }, d) => {
        const other =
          kind === 'f'
            ? `${def.replace(/ ON (DELETE|UPDATE) (CASCADE|SET NULL)/g, '')}${d.of('', ' ON DELETE CASCADE')}`.replace(
                /( NOT VALID| DEFERRABLE.*)(.*)/,
                '$2',
              )
            : def;
        const named = d.maybe(0.4) ? `CONSTRAINT ${n} ` : '';
        return d.maybe(0.5)
          ? `ALTER TABLE ${of} DROP CONSTRAINT ${n}${cascade(d)}, ADD ${named}${other}`
          : [`ALTER TABLE ${of} DROP CONSTRAINT ${n}${cascade(d)}`, `ALTER TABLE ${of} ADD ${named}${other}`];
      },
    ),
  ],
  [
    2,
    on(column, ({ of, column }, d) => {
      const index = name(d, 'promoted');
      return [
        `CREATE UNIQUE INDEX ${index} ON ${of.q} (${column.n})`,
        `ALTER TABLE ${of.q} ADD CONSTRAINT ${d.of(index, name(d, 'kept'))} UNIQUE USING INDEX ${index}`,
      ];
    }),
  ],
];
