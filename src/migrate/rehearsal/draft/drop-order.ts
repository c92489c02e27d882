import type { ObjectAddress } from '../../contract/catalogue-object.ts';
import { wordOf, type DraftObject } from './draft-object.ts';
import { homeOf, isAttached, type Effect } from './effect.ts';

/** In which order things are dropped. */
export interface DropOrder {
  /** Before anything is changed back. */
  readonly first: readonly string[];
  /** Objects that remain depend on these until they have been changed back. */
  readonly last: readonly string[];
  /** Foreign keys that are dropped first: otherwise tables would depend on each other. */
  readonly untied: readonly string[];
}

interface Edge {
  readonly from: string;
  readonly to: string;
  /** The part that depends on the other one. */
  readonly by: string;
}

/** An object is dropped before what it depends on; without dependencies, what was created last is dropped first. */
export function dropOrder(effect: Effect): DropOrder {
  const { objects, needs, drops, alters } = effect;
  const node = (id: string): string | undefined => nodeOf(id, effect, new Set());
  let edges: readonly Edge[] = needs.flatMap(({ from, to }): readonly Edge[] => {
    const [a, b] = [node(from), node(to)];
    return a === undefined || b === undefined || a === b ? [] : [{ from: a, to: b, by: from }];
  });
  const late = new Set(
    needs.flatMap(({ from, to }) => {
      const target = node(to);
      return target !== undefined && node(from) === undefined && alters.has(from) ? [target] : [];
    }),
  );
  for (const id of drops) {
    const object = objects.get(id);
    const home = object === undefined ? undefined : homeOf(object, objects);
    if (home?.id !== id && isAttached(home)) late.add(id);
  }
  for (const id of late) for (const edge of edges) if (edge.from === id) late.add(edge.to);

  const order: string[] = [];
  const untied: string[] = [];
  const left = inOrder(effect, drops)
    .map(({ id }) => id)
    .reverse();
  while (left.length > 0) {
    const free = left.findIndex((id) => !edges.some(({ from, to }) => to === id && left.includes(from)));
    if (free < 0) {
      const tie = edges.find(
        ({ from, to, by }) => left.includes(from) && left.includes(to) && isForeignKey(by, effect),
      );
      // The server will report any other cycle.
      if (tie === undefined) return split([...order, ...left], late, untied);
      untied.push(tie.by);
      edges = edges.filter(({ by }) => by !== tie.by);
      continue;
    }
    order.push(...left.splice(free, 1));
  }
  return split(order, late, untied);

  function isForeignKey(id: string, { drops: dropped }: Effect): boolean {
    const object = objects.get(id);
    return !dropped.has(id) && wordOf(object?.after, 'definition')?.startsWith('FOREIGN KEY') === true;
  }
}

function split(order: readonly string[], late: ReadonlySet<string>, untied: readonly string[]): DropOrder {
  return { first: order.filter((id) => !late.has(id)), last: order.filter((id) => late.has(id)), untied };
}

/** The object whose DROP removes this one: itself, what it is part of, or what it is dropped with. */
function nodeOf(id: string, effect: Effect, seen: Set<string>): string | undefined {
  const { drops, objects, needs } = effect;
  if (drops.has(id)) return id;
  if (seen.has(id)) return undefined;
  seen.add(id);
  const object = objects.get(id);
  if (object === undefined) return undefined;
  const home = homeOf(object, objects);
  if (home !== undefined && home.id !== id && drops.has(home.id)) return home.id;
  if (object.before !== undefined) return undefined;
  for (const need of needs) {
    if (need.from !== id || !need.goesWith) continue;
    const other = nodeOf(need.to, effect, seen);
    if (other !== undefined) return other;
  }
  return undefined;
}

/** By when they were made: OIDs of a throwaway server grow. */
export function oldestFirst(a: DraftObject, b: DraftObject): number {
  const [one, other] = [addressOf(a), addressOf(b)];
  return Number(one?.oid ?? 0) - Number(other?.oid ?? 0) || Number(one?.sub ?? 0) - Number(other?.sub ?? 0);
}

/** Those of its objects that have these keys, by when they were made. */
export function inOrder({ objects }: Pick<Effect, 'objects'>, ids: Iterable<string>): readonly DraftObject[] {
  return [...ids].flatMap((id) => objects.get(id) ?? []).sort(oldestFirst);
}

function addressOf({ before, after }: DraftObject): ObjectAddress | undefined {
  return (after ?? before)?.address;
}
