import type { Outside } from '../../../../sql/outside.ts';
import { queryEffect, nothing, oid, type EffectProbe, type Noted } from './effect-probe.ts';
import { qualified, regclass } from './index-probe.ts';

type Detach = Extract<Outside, { readonly kind: 'detach' }>;

/** DETACH PARTITION … CONCURRENTLY: once started, it cannot be started again (55000), only finalized. */
export function detachProbe({ table, partition }: Detach): EffectProbe {
  const pending = (whole: string, piece: string): string =>
    `(select inhdetachpending from pg_catalog.pg_inherits where inhparent = ${whole} and inhrelid = ${piece})`;
  const name = (of: string): string =>
    `(select ${qualified} from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = ${of})`;
  const ask = (noted: Noted): string => pending(oid(noted, 'table'), oid(noted, 'partition'));
  return {
    before: `(select pg_catalog.json_build_object('table', t.whole, 'partition', t.piece, 'name', ${name('t.piece')},
  'attached', ${pending('t.whole', 't.piece')} is not null) from (select ${regclass(table)} as whole, ${regclass(partition)} as piece) t)`,
    // This statement must complete the state that someone else has left.
    looksFirst: true,
    state: (session, noted) =>
      queryEffect(session, `select ${ask(noted)}`, (row) => {
        const [found] = row ?? [];
        if (found == null) return noted['attached'] === true ? 'done' : 'absent';
        return found === 't' ? 'half' : 'absent';
      }),
    async repair(session, noted) {
      const names = await session.send(`select ${name(oid(noted, 'table'))}, ${name(oid(noted, 'partition'))}`, {
        rows: 'all',
      });
      if (!names.ok) return names;
      const [whole, piece] = names.results[0]?.rows[0] ?? [];
      if (whole == null || piece == null) return nothing;
      return session.send(`ALTER TABLE ${whole} DETACH PARTITION ${piece} FINALIZE`);
    },
  };
}
