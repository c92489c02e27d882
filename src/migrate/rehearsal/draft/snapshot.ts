import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { keyOfAddress, kindIn, type ObjectAddress } from '../../contract/catalogue-object.ts';
import { wordsIn } from '../../contract/definition.ts';
import type { Session } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import type { DescribedObject, Need } from './draft-object.ts';

/** Everything in a database that does not belong to the server or an extension. */
export interface Snapshot {
  readonly objects: readonly DescribedObject[];
  readonly needs: readonly Need[];
}

/** Objects that come with the server have OIDs below this; of those, only schema `public` belongs to users. */
const firstOwn = 16_384;

const objectsQuery = `with written as (select pg_catalog.array_agg(class) as classes, pg_catalog.array_agg(oid) as oids from godwit.written_since('3')),
home as (select pg_catalog.array_agg(h.class) as classes, pg_catalog.array_agg(h.oid) as oids from written w,
  godwit.homes_around(w.classes || 'pg_catalog.pg_namespace'::pg_catalog.regclass::oid, w.oids || 'public'::pg_catalog.regnamespace::oid) h)
select d.class, d.oid, d.sub, d.home_class, d.home, d.kind, d.name, pg_catalog.to_json(d.words)
from home h, godwit.described(h.classes, h.oids) d order by 1, 2, 3`;

const needsQuery = `with link as (
  select classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype from pg_catalog.pg_depend
  where objid >= ${firstOwn} and refobjid >= ${firstOwn} and deptype in ('n', 'a', 'i', 'P', 'S')),
spot (class, oid) as (select classid, objid from link union select refclassid, refobjid from link),
-- A view's query is a rule, a default an entry of its own; rows and arrays have types: none of these is described.
real as (
  select s.class, s.oid,
    case when r.ev_class is not null or d.adrelid is not null or coalesce(nullif(t.typrelid, 0), nullif(e.typrelid, 0)) is not null
      then 'pg_catalog.pg_class'::pg_catalog.regclass::oid else s.class end as of_class,
    coalesce(r.ev_class, d.adrelid, nullif(t.typrelid, 0), nullif(e.typrelid, 0), e.oid, m.rngtypid, s.oid) as of_oid,
    d.adnum as of_sub
  from spot s
  left join pg_catalog.pg_rewrite r on s.class = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and r.oid = s.oid and r.rulename = '_RETURN'
  left join pg_catalog.pg_attrdef d on s.class = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and d.oid = s.oid
  left join pg_catalog.pg_type t on s.class = 'pg_catalog.pg_type'::pg_catalog.regclass and t.oid = s.oid
  left join pg_catalog.pg_type e on e.oid = t.typelem and t.typcategory = 'A'
  left join pg_catalog.pg_range m on s.class = 'pg_catalog.pg_type'::pg_catalog.regclass and m.rngmultitypid = s.oid)
select distinct a.of_class, a.of_oid, coalesce(a.of_sub, l.objsubid), b.of_class, b.of_oid, coalesce(b.of_sub, l.refobjsubid),
  l.deptype in ('a', 'i', 'P', 'S')
from link l join real a on a.class = l.classid and a.oid = l.objid join real b on b.class = l.refclassid and b.oid = l.refobjid`;

/** Reads every object with its definition, and the dependencies. The history must be installed. */
export async function readSnapshot(session: Session): Promise<Outcome<Snapshot>> {
  const reply = await session.send(`${objectsQuery};\n${needsQuery}`, { rows: 'all' });
  if (!reply.ok) return err(serverFault(reply.error));
  const [described, links] = reply.results;
  const objects = (described?.rows ?? []).map(
    ([classOf, oid, sub, homeClass, home, kind, name, words]): DescribedObject => {
      const address = addressIn(classOf, oid, sub);
      return {
        address,
        id: keyOfAddress(address),
        home: keyOfAddress(addressIn(homeClass, home, '0')),
        kind: kindIn(kind),
        name: name ?? '',
        words: wordsIn(words),
      };
    },
  );
  const known = new Set(objects.map(({ id }) => id));
  // Columns of views are described only where something is said of them.
  const place = (address: ObjectAddress): string => {
    const key = keyOfAddress(address);
    return known.has(key) ? key : keyOfAddress({ ...address, sub: '0' });
  };
  const needs = (links?.rows ?? []).map(([classOf, oid, sub, ofClass, ofOid, ofSub, goesWith]): Need => ({
    from: place(addressIn(classOf, oid, sub)),
    to: place(addressIn(ofClass, ofOid, ofSub)),
    goesWith: goesWith === 't',
  }));
  return ok({ objects, needs: needs.filter(({ from, to }) => from !== to) });
}

function addressIn(...[classOf, oid, sub]: readonly (string | null | undefined)[]): ObjectAddress {
  return { class: classOf ?? '', oid: oid ?? '', sub: sub ?? '0' };
}
