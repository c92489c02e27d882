import { ok, err, type Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import { describingFunctions } from '../history/schema.generated.ts';
import type { Session } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { namesakes } from '../verify/compare-baseline.ts';
import { described, describingSettings } from '../verify/words/described.ts';
import type { FoundObject } from './judge.ts';
import { keyOfName, kindIn } from '../../contract/catalogue-object.ts';
import { wordsIn } from '../../contract/definition.ts';
import type { Rehearsed } from '../../contract/rehearsed.ts';

/** Relations whose locks are held at once, at most. */
const homesPerBatch = 250;

/**
 * Describes the objects with the names of these homes, with all parts. Under `describingSettings`.
 *
 * @param homes catalogue's OID and qualified name of each
 */
export function describeByName(homes: readonly ObjectHome[]): string {
  const values = homes.map(({ homeClass, home }) => `(${homeClass}::oid, ${quoteLiteral(home)})`).join(', ');
  return `with sought (class, name) as (values ${values}),
${described(namesakes('sought'))}
select kind, name, class, oid, sub, home_class, home, pg_catalog.to_json(words) from described`;
}

type ObjectHome = Pick<Rehearsed['objects'][number], 'homeClass' | 'home'>;

/**
 * Finds by their names the objects that rehearsed migrations write. The database may never have been changed by godwit:
 * the functions that describe its objects are created in the same transaction, which is rolled back.
 */
export async function findObjects(
  session: Session,
  rehearsed: Pick<Rehearsed, 'objects'>,
  installed: boolean,
): Promise<Outcome<ReadonlyMap<string, FoundObject>>> {
  const homes = [
    ...new Map(rehearsed.objects.map(({ homeClass, home }) => [`${homeClass} ${home}`, { homeClass, home }])).values(),
  ];
  const found = new Map<string, FoundObject>();
  for (let at = 0; at < homes.length; at += homesPerBatch) {
    const query = describeByName(homes.slice(at, at + homesPerBatch));
    const commands = ['BEGIN', ...(installed ? [] : bringing), ...describingSettings, query, 'ROLLBACK'];
    const reply = await session.send(commands.map((command) => `${command};\n`).join(''), { rows: 'all' });
    if (!reply.ok && !reply.error.lost) await session.send('ROLLBACK');
    if (!reply.ok) return err(serverFault(reply.error));
    for (const row of reply.results.at(-2)?.rows ?? []) {
      const object = foundObject(row);
      found.set(keyOfName(object), object);
    }
  }
  return ok(found);
}

/** CREATE SCHEMA IF NOT EXISTS requires the privilege even if the schema exists. */
const bringing: readonly string[] = [
  "DO $$ BEGIN IF pg_catalog.to_regnamespace('godwit') IS NULL THEN CREATE SCHEMA godwit; END IF; END $$",
  ...describingFunctions.map((text) => text.trimEnd().replace(/;$/, '')),
];

function foundObject(row: readonly (string | null)[]): FoundObject {
  const [kind, name, classOf, oid, sub, homeClass, home, words] = row;
  return {
    kind: kindIn(kind),
    name: name ?? '',
    address: { class: classOf ?? '', oid: oid ?? '', sub: sub ?? '' },
    home: { class: homeClass ?? '', oid: home ?? '' },
    words: wordsIn(words),
  };
}
