import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { keyOfName, kindIn, type ObjectName } from '../contract/catalogue-object.ts';
import { wordsIn, type DefinitionWords } from '../contract/definition.ts';
import type { RehearsedObject, RehearsedState, RehearsedStep } from '../contract/rehearsed.ts';
import type { Session } from '../contract/ports.ts';
import { serverFault } from '../contract/server-fault.ts';

/** One version of an object: from the migration that left it so, to the one that left it otherwise. */
interface Version extends ObjectName {
  /** Key of its address. */
  readonly object: string;
  readonly homeClass: string;
  /** Key of the address of what it is a part of. */
  readonly homeObject: string;
  readonly whole: boolean;
  readonly words: DefinitionWords;
  readonly from: number;
  readonly to?: number;
  readonly made?: number;
}

const query = `select seq, id from godwit.migration order by seq;
select class || ':' || oid || ':' || sub, kind, name, home_class, home_class || ':' || home || ':0', pg_catalog.to_json(words), made, seq, null, whole from godwit.object
union all select class || ':' || oid || ':' || sub, kind, name, home_class, home_class || ':' || home || ':0', pg_catalog.to_json(words), made, written, seq, false
from (select * from godwit.former_object where seq is not null order by n) f`;

/**
 * Reads how each migration left the objects that it wrote, from the history of a database in which each migration was
 * described separately: the baseline and its past hold all versions of every object.
 *
 * @param steps the migrations that have run, in their order
 */
export async function readStates(
  session: Session,
  steps: readonly RehearsedStep[],
): Promise<Outcome<readonly RehearsedObject[]>> {
  const reply = await session.send(query, { rows: 'all' });
  if (!reply.ok) return err(serverFault(reply.error));
  const [migrations, rows] = reply.results;
  const indexes = new Map(steps.map(({ id }, index) => [id, index]));
  const stepOf = new Map((migrations?.rows ?? []).map(([seq, id]) => [seq ?? '', indexes.get(id ?? '') ?? 0]));
  return ok(objectsOf(versionsOf(rows?.rows ?? [], stepOf)));
}

function versionsOf(
  rows: readonly (readonly (string | null)[])[],
  stepOf: ReadonlyMap<string, number>,
): readonly Version[] {
  const step = (seq: string | null | undefined): number | undefined => (seq == null ? undefined : stepOf.get(seq));
  const byObject = new Map<string, (readonly (string | null)[])[]>();
  for (const row of rows) byObject.set(row[0] ?? '', [...(byObject.get(row[0] ?? '') ?? []), row]);
  return [...byObject].flatMap(([object, own]) => {
    const present = own.find((row) => row[8] == null);
    const former = own.filter((row) => row[8] != null).sort((a, b) => Number(a[8]) - Number(b[8]));
    const whole = present?.[9] === 't';
    let from: number | undefined;
    return [...former, ...(present === undefined ? [] : [present])].map((row): Version => {
      const [, kind, name, homeClass, homeObject, words, made, written, replaced] = row;
      const begins = from ?? step(made) ?? step(written) ?? 0;
      const to = step(replaced);
      const creation = step(made);
      from = to;
      return {
        object,
        kind: kindIn(kind),
        name: name ?? '',
        homeClass: homeClass ?? '',
        homeObject: homeObject ?? '',
        whole,
        words: wordsIn(words),
        from: begins,
        ...(to === undefined ? {} : { to }),
        ...(creation === undefined ? {} : { made: creation }),
      };
    });
  });
}

/** Joined by name: by name, what REINDEX CONCURRENTLY or ALTER TYPE recreated is the same object. */
function objectsOf(versions: readonly Version[]): readonly RehearsedObject[] {
  const homeNames = new Map<string, readonly Version[]>();
  for (const version of versions)
    if (version.object === version.homeObject)
      homeNames.set(version.object, [...(homeNames.get(version.object) ?? []), version]);
  const homeOf = ({ homeObject, from, name }: Version): string => {
    const known = homeNames.get(homeObject) ?? [];
    return (known.findLast((home) => home.from <= from) ?? known[0])?.name ?? name;
  };
  const byName = new Map<string, Version[]>();
  for (const version of versions) byName.set(keyOfName(version), [...(byName.get(keyOfName(version)) ?? []), version]);
  return [...byName.values()].flatMap((own) => {
    const ordered = [...own].sort((a, b) => a.from - b.from);
    const last = ordered.at(-1);
    if (last === undefined) return [];
    const { kind, name, homeClass } = last;
    const whole = ordered.some((version) => version.whole);
    return [{ kind, name, homeClass, home: homeOf(last), whole, states: statesOf(ordered) }];
  });
}

function statesOf(versions: readonly Version[]): readonly RehearsedState[] {
  const states = versions.flatMap(({ from, to, words, made }): readonly RehearsedState[] => [
    { step: from, words, ...(made === undefined ? {} : { made }) },
    ...(to === undefined || versions.some((other) => other.from === to) ? [] : [{ step: to, words: null }]),
  ]);
  // Of two versions within one migration, the later one is the result.
  return states.filter(({ step }, index) => states[index + 1]?.step !== step);
}
