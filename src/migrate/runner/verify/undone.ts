import { kindIn } from '../../contract/catalogue-object.ts';
import { checkKind } from '../../contract/check-kind.ts';
import { wordsIn } from '../../contract/definition.ts';
import type { Check } from '../../contract/model.ts';
import type { Session } from '../../contract/ports.ts';
import { differentWords, shownPart } from './word-difference.ts';

/** What a rollback must restore: the rows of the history that it undid, by number. */
export interface UndoneRows {
  readonly seqs: readonly number[];
  readonly file: (id: string) => string;
}

/**
 * Checks the result of a rollback by the baseline's own past: what its migrations created is gone by kind and name,
 * unless it had existed before; what they changed or dropped has its former definition. Definitions between two
 * migrations of one run are not known, so those are not checked.
 *
 * @returns failed checks only, and one that counts those that passed
 */
export async function checkUndone(session: Session, { seqs, file }: UndoneRows): Promise<readonly Check[] | 'lost'> {
  if (seqs.length === 0) return [];
  const list = seqs.map((seq) => Math.trunc(seq)).join(', ');
  const reply = await session.send(`${remaining(list)};\n${former(list)};\n`, { rows: 'all' });
  if (!reply.ok) return reply.error.lost ? 'lost' : [];
  const [left, before] = reply.results;
  const gone = (left?.rows ?? []).map(([kind, name, migration, there]): Check => {
    const is = there === 't';
    return {
      ...base(migration, file),
      kind: checkKind('undone', kindIn(kind)),
      object: name ?? '',
      ok: !is,
      severity: is ? 'error' : 'note',
      expected: 'gone',
      actual: is ? 'still there' : 'gone',
    };
  });
  const restored = (before?.rows ?? []).flatMap(([kind, name, migration, was, is]): readonly Check[] => {
    const common = {
      ...base(migration, file),
      kind: checkKind('restored', kindIn(kind)),
      object: name ?? '',
    };
    if (is == null)
      return [{ ...common, ok: false, severity: 'warning', expected: 'as before the migration', actual: 'missing' }];
    const differences = differentWords(wordsIn(was), wordsIn(is)).filter(({ severity }) => severity !== 'note');
    if (differences.length === 0)
      return [{ ...common, ok: true, severity: 'note', expected: 'as before', actual: 'as before' }];
    return differences.map((difference) => ({
      ...common,
      ok: false,
      severity: 'warning',
      expected: shownPart(difference.part, difference.was),
      actual: shownPart(difference.part, difference.is),
    }));
  });
  return [...gone, ...restored];
}

function base(migration: string | null | undefined, file: UndoneRows['file']): Pick<Check, 'where' | 'migration'> {
  return { where: { file: file(migration ?? '') }, migration: migration ?? '' };
}

/**
 * Kinds whose catalogue rows the server may all rewrite when they are replaced or altered: the last migration of a run
 * that wrote one counts as its creator.
 */
const rewritten = `'function', 'procedure', 'aggregate', 'trigger', 'rule', 'policy', 'operator', 'domain', 'schema', 'extension',
  'language', 'access method', 'foreign-data wrapper', 'server', 'event trigger', 'publication', 'cast', 'transform', 'default acl'`;

/**
 * `kind, name, migration, there`; a part is reported with its home. If an earlier migration of the same run remains
 * applied, that one may have made the object: what the rollback itself wrote under the name is not checked, and neither
 * is what the earlier one may have created.
 */
function remaining(seqs: string): string {
  return `with made as (
  select class, oid, sub, kind, name, home_class, home, made from godwit.object where made in (${seqs})
  union select class, oid, sub, kind, name, home_class, home, made from godwit.former_object where made in (${seqs}))
select m.kind, m.name, (select g.id from godwit.migration g where g.seq = min(m.made)), bool_or(o.kind is not null)
from made m left join godwit.object o on o.kind = m.kind and o.name = m.name
where not exists (select from godwit.former_object f where f.seq in (${seqs}) and f.kind = m.kind and f.name = m.name and (f.made is null or f.made < m.made))
  and not exists (select from godwit.migration w join godwit.migration e on e.run = w.run and e.seq < w.seq and e.kind = 'applied'
    where w.seq = m.made and e.seq not in (${seqs}) and (
      exists (select from godwit.migration r where r.seq = o.seq and r.kind = 'reverted')
      or m.kind in (${rewritten}) and exists (select from godwit.statement s where s.seq = e.seq
        and s.tag in ('CREATE ' || upper(translate(m.kind, '-', ' ')), case m.kind when 'default acl' then 'ALTER DEFAULT PRIVILEGES' end, 'DO', 'SELECT', 'CALL'))))
  and not exists (select from made h where h.class = m.home_class and h.oid = m.home and h.sub = 0 and (h.class, h.oid, h.sub) is distinct from (m.class, m.oid, m.sub))
group by m.kind, m.name order by min(m.made), m.kind, m.name`;
}

/** `kind, name, migration, words before, words now` of what they changed or dropped and had existed before them. */
function former(seqs: string): string {
  return `select distinct on (f.kind, f.name) f.kind, f.name, g.id, pg_catalog.to_json(f.words), pg_catalog.to_json(o.words)
from godwit.former_object f join godwit.migration g on g.seq = f.seq left join godwit.object o on o.kind = f.kind and o.name = f.name
where f.seq in (${seqs}) and (f.made is null or f.made not in (${seqs}))
  and not exists (select from godwit.migration e where e.run = g.run and e.seq < g.seq and e.seq not in (${seqs}) and e.kind = 'applied')
order by f.kind, f.name, f.n`;
}
