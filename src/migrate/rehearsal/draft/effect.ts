import type { ObjectKind } from '../../contract/catalogue-object.ts';
import type { PartName } from '../../contract/definition.ts';
import { comparison, type Compare } from './changed-words.ts';
import { wordOf, type DescribedObject, type DraftObject, type DraftOptions, type Need } from './draft-object.ts';
import { simpleName } from './names.ts';

/** What a migration did, and what must be dropped or recreated to undo it. */
export interface Effect {
  readonly objects: ReadonlyMap<string, DraftObject>;
  readonly needs: readonly Need[];
  readonly compare: Compare;
  /** To be dropped: what it created, and what can be changed back only by recreating it. */
  readonly drops: ReadonlySet<string>;
  /** To be created: what it dropped, and what is recreated. */
  readonly makes: ReadonlySet<string>;
  /** Remains, and is changed back in place. */
  readonly alters: ReadonlySet<string>;
}

/** Part of the definition that only making the object anew changes back. */
const definitions: Readonly<Partial<Record<ObjectKind, readonly PartName[]>>> = {
  view: ['query'],
  'materialized view': ['query'],
  constraint: ['definition', 'inherited'],
  index: ['definition'],
  trigger: ['definition'],
  rule: ['definition'],
  statistics: ['definition'],
  policy: ['command', 'restrictive', 'roles', 'using', 'with check'],
};

/** Sorts what a migration did by how it is undone. */
export function effectOf({ objects: all, needs }: DraftOptions): Effect {
  const objects = new Map(all.map((object) => [object.id, object]));
  const compare = comparison(all);
  const recreated = recreatedObjects(objects, needs, compare);
  const drops = new Set<string>();
  const makes = new Set<string>();
  const alters = new Set<string>();
  for (const object of all) {
    const { id, before, after } = object;
    const home = homeOf(object, objects);
    const homeRecreated = home !== undefined && home.id !== id && recreated.has(home.id);
    if (before === undefined) {
      if (isAnnotation(object, home)) alters.add(id);
      else if (!homeRecreated && isDropped(object, home, { objects, needs })) drops.add(id);
    } else if (after === undefined || recreated.has(id) || homeRecreated) {
      if (isAnnotation(object, home)) alters.add(id);
      else if (isMade(object, home, objects)) makes.add(id);
      if (recreated.has(id) && !homeRecreated) drops.add(id);
    } else if (compare(object) || before.name !== after.name) alters.add(id);
  }
  return { objects, needs, compare, drops, makes, alters };
}

/** The object that an object is part of; itself if it is not a part. */
export function homeOf(object: DraftObject, objects: Effect['objects']): DraftObject | undefined {
  return objects.get((object.before ?? object.after)?.home ?? '');
}

/** A column of a view only carries a comment and privileges. */
function isAnnotation({ before, after }: DraftObject, home: DraftObject | undefined): boolean {
  const of = (home?.before ?? home?.after)?.kind;
  return (
    (before ?? after)?.kind === 'column' && (of === 'view' || of === 'materialized view') && home?.before !== undefined
  );
}

function isDropped(
  { id, after }: DraftObject,
  home: DraftObject | undefined,
  { objects, needs }: Pick<Effect, 'objects' | 'needs'>,
): boolean {
  if (after === undefined || after.kind === 'foreign table source') return false;
  if (home !== undefined && home.id !== id && home.before === undefined) return false;
  if (wordOf(after, 'inherited') === 'yes' && !isAttached(home)) return false;
  const isNew = (other: string): boolean => {
    const object = objects.get(other);
    return object !== undefined && object.before === undefined;
  };
  if (needs.some(({ from, to, goesWith }) => goesWith && from === id && to !== id && isNew(to))) return false;
  return !(after.kind === 'sequence' && belongsToIdentity(after, objects, 'after'));
}

/** Attached as a partition by the migration: what it got from its parent remains when it is detached. */
export function isAttached(object: DraftObject | undefined): boolean {
  const { before, after } = object ?? {};
  return before !== undefined && wordOf(before, 'partition') === undefined && wordOf(after, 'partition') !== undefined;
}

function isMade({ id, before }: DraftObject, home: DraftObject | undefined, objects: Effect['objects']): boolean {
  if (before === undefined || before.kind === 'foreign table source') return false;
  const part = home !== undefined && home.id !== id;
  if (part && home.after === undefined && (before.kind === 'column' || home.before?.kind === 'foreign table'))
    return false;
  if (before.kind === 'index' && isOfConstraint(before, objects)) return false;
  return !(before.kind === 'sequence' && belongsToIdentity(before, objects, 'before'));
}

function belongsToIdentity(sequence: DescribedObject, objects: Effect['objects'], when: 'before' | 'after'): boolean {
  const column = wordOf(sequence, 'owned by');
  return [...objects.values()].some(
    (object) =>
      object[when]?.kind === 'column' && object[when].name === column && wordOf(object[when], 'identity') !== undefined,
  );
}

/** The index of a primary key, of UNIQUE or of EXCLUDE is created with its constraint and has the same name. */
export function isOfConstraint(index: DescribedObject, objects: Effect['objects']): boolean {
  const own = simpleName(index.name);
  return [...objects.values()].some(
    ({ before }) =>
      before?.kind === 'constraint' &&
      before.home === index.home &&
      simpleName(before.name) === own &&
      /^(?:PRIMARY KEY|UNIQUE|EXCLUDE)\b/.test(wordOf(before, 'definition') ?? ''),
  );
}

/**
 * Objects that remain but are dropped and recreated. A view that another object continues to use is replaced in place.
 */
function recreatedObjects(objects: Effect['objects'], needs: readonly Need[], compare: Compare): ReadonlySet<string> {
  const recreated = new Set<string>();
  for (const object of objects.values()) {
    const { id, before, after } = object;
    if (before === undefined || after === undefined || wordOf(after, 'inherited') === 'yes') continue;
    if (before.kind === 'index' && isOfConstraint(before, objects)) continue;
    if (definitions[before.kind]?.some((part) => compare(object, part)) === true) recreated.add(id);
  }
  const goes = (id: string): boolean => {
    const object = objects.get(id);
    const home = object === undefined ? undefined : homeOf(object, objects);
    return (
      object === undefined ||
      object.before === undefined ||
      recreated.has(id) ||
      (home !== undefined && (recreated.has(home.id) || home.before === undefined))
    );
  };
  for (let stable = false; !stable;) {
    stable = true;
    for (const id of recreated) {
      const object = objects.get(id);
      if (object?.before?.kind !== 'view') continue;
      const used = needs.some(({ from, to }) => {
        const target = objects.get(to);
        const home = target === undefined ? undefined : homeOf(target, objects);
        return (to === id || home?.id === id) && !goes(from);
      });
      if (!used) continue;
      recreated.delete(id);
      stable = false;
    }
  }
  return recreated;
}
