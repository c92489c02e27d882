import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { FoundObject } from '../adopt/judge.ts';
import { isHome, keyOfHome, keyOfName, kindIn, type ObjectName } from '../../contract/catalogue-object.ts';
import { wordsIn } from '../../contract/definition.ts';
import type { Session } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import type { Recordable } from './recordable.ts';

/** What replaced migrations and those after them have left, regardless of later changes by others. */
export interface Left {
  /** By `keyOfName`. */
  readonly found: ReadonlyMap<string, FoundObject>;
  /** Objects of the baseline that were made by replaced migrations. */
  readonly made: readonly MadeObject[];
}

interface MadeObject extends ObjectName {
  /** Number of the migration that made it. */
  readonly seq: number;
  /** Key of what it is a part of. */
  readonly home: string;
  readonly isHome: boolean;
}

// What `verify --accept` has accepted was changed by others: the definition before that counts.
const baselineQuery = `select o.kind, o.name, o.class, o.oid, o.sub, o.home_class, o.home, o.made,
  pg_catalog.to_json(coalesce((select f.words from godwit.former_object f
    where f.class = o.class and f.oid = o.oid and f.sub = o.sub and f.accepted_by is not null
      and not exists (select from godwit.former_object g where g.n > f.n and g.class = o.class and g.oid = o.oid and g.sub = o.sub
        and g.accepted_by is null) order by f.n limit 1), o.words))
from godwit.object o
union all select f.kind, f.name, f.class, f.oid, f.sub, f.home_class, f.home, f.made, pg_catalog.to_json(f.words)
from godwit.former_object f where f.change = 'dropped' and f.accepted_by is not null
  and not exists (select from godwit.object o where o.kind = f.kind and o.name = f.name)`;

/**
 * The objects as migrations left them: definitions of the baseline replace those of the present catalogue, so that
 * drift does not count as a difference of the squashed file. If the baseline was written by another server, the
 * catalogue counts.
 *
 * @param found what the catalogue has under the rehearsed names
 */
export async function asReplacedLeft(
  session: Session,
  found: ReadonlyMap<string, FoundObject>,
  recordable: readonly Recordable[],
  { ownWords, installed }: { readonly ownWords: boolean; readonly installed: boolean },
): Promise<Outcome<Left>> {
  // Another version of the schema stores it differently.
  if (!installed) return ok({ found, made: [] });
  const reply = await session.send(baselineQuery, { rows: 'all' });
  if (!reply.ok) return err(serverFault(reply.error));
  const seqs = new Set(recordable.flatMap(({ rows }) => rows.map(({ seq }) => seq)));
  const own = new Map(found);
  const made: MadeObject[] = [];
  for (const row of reply.results[0]?.rows ?? []) {
    const [kind, name, classOf, oid, sub, homeClass, homeOid, by, words] = row;
    const named = { kind: kindIn(kind), name: name ?? '' };
    const address = { class: classOf ?? '', oid: oid ?? '', sub: sub ?? '' };
    const home = { class: homeClass ?? '', oid: homeOid ?? '' };
    const seq = Number(by);
    if (seqs.has(seq)) made.push({ ...named, seq, home: keyOfHome(home), isHome: isHome(address, home) });
    if (ownWords) own.set(keyOfName(named), { ...named, address, home, words: wordsIn(words) });
  }
  return ok({ found: own, made });
}
