import { column, condition, name, on, roles, table, type Family } from './proposal.ts';

/** Statistics, policies and rules. */
export const guardFamily: Family = [
  [
    1,
    (w, d) => {
      const found = column(w, d);
      return found === undefined
        ? undefined
        : `CREATE STATISTICS ${name(d, 'stat')} ON id, ${found.column.n} FROM ${found.of.q}`;
    },
  ],
  [
    1,
    on(
      (w, d) => d.one(w.statistics),
      ({ q }, d) =>
        d.of(
          `DROP STATISTICS ${q}`,
          `ALTER STATISTICS ${q} RENAME TO ${name(d, 'st')}`,
          `ALTER STATISTICS ${q} SET STATISTICS 50`,
        ),
    ),
  ],
  [
    2,
    (w, d) => {
      const of = table(w, d);
      const held = of?.columns.find(({ category }) => category === 'N');
      return of === undefined || held === undefined
        ? undefined
        : `CREATE POLICY ${name(d, 'pol')} ON ${of.q} ${d.of('', 'AS RESTRICTIVE ', 'FOR SELECT ', `FOR SELECT TO ${roles[0]} `)}USING (${condition(held, d)})`;
    },
  ],
  [
    2,
    (w, d) => {
      const policy = d.one(w.policies);
      return policy === undefined
        ? undefined
        : d.of(
            `ALTER POLICY ${policy.n} ON ${policy.of} USING (id IS NOT NULL)`,
            `ALTER POLICY ${policy.n} ON ${policy.of} RENAME TO ${name(d, 'p')}`,
            `ALTER POLICY ${policy.n} ON ${policy.of} TO ${d.of(...roles)}`,
            `DROP POLICY ${policy.n} ON ${policy.of}`,
          );
    },
  ],
  [
    1,
    (w, d) =>
      table(w, d) === undefined
        ? undefined
        : `CREATE RULE ${name(d, 'rule')} AS ON ${d.of('DELETE', 'UPDATE')} TO ${table(w, d)?.q} WHERE OLD.id IS NULL DO INSTEAD NOTHING`,
  ],
  [
    1,
    on(
      (w, d) => d.one(w.rules),
      ({ n, of }, d) => d.of(`DROP RULE ${n} ON ${of}`, `ALTER RULE ${n} ON ${of} RENAME TO ${name(d, 'r')}`),
    ),
  ],
];
