import { alterStatements } from './alter-statement.ts';
import { annotations } from './annotations.ts';
import {
  createStatement,
  replicaIdentity,
  tableSettings,
  viewStatement,
  type ObjectSurroundings,
} from './create-statement.ts';
import { wordOf, type DescribedObject, type DraftObject, type DraftOptions } from './draft-object.ts';
import { dropOrder, inOrder, oldestFirst } from './drop-order.ts';
import { dropStatement, type PartHome, type DraftStatement } from './drop-statement.ts';
import { effectOf, homeOf, isOfConstraint, type Effect } from './effect.ts';
import { isNamedPart, qualifierOf, simpleName, functionArguments } from './names.ts';
import { renamedSchemas, renameStatements } from './rename-statement.ts';

/**
 * Drafts the down file of a migration from what it did, as the server reports it: drops what it created, changes back
 * what it changed, recreates what it dropped, in an order in which every object exists when it is used. What cannot be
 * done is reported in its place.
 */
export function draftOf(options: DraftOptions): readonly DraftStatement[] {
  const effect = effectOf(options);
  const order = dropOrder(effect);
  const schemas = renamedSchemas(options.objects);
  const renamed = renames(effect, schemas);
  return [
    ...order.untied.map((id) => dropped(effect, id)),
    ...order.first.map((id) => dropped(effect, id)),
    ...renamed,
    ...made(effect, options.owner, (rank) => rank < ranks.constraint),
    ...changedBack(effect, options.owner),
    ...made(effect, options.owner, (rank) => rank >= ranks.constraint),
    ...behindIndexes(effect),
    ...order.last.map((id) => dropped(effect, id, schemas)),
  ];
}

/** @param schemas given once objects have their former names again */
function dropped({ objects }: Effect, id: string, schemas?: ReadonlyMap<string, string>): DraftStatement {
  const object = objects.get(id);
  const after = object?.after;
  if (object === undefined || after === undefined) return { gap: `${id} is not there.` };
  const home = homeOf(object, objects);
  const present = home?.after ?? after;
  if (schemas === undefined) return dropStatement(after, present);
  const schema = schemas.get(qualifierOf(after.name));
  const name =
    schema === undefined || isNamedPart(after)
      ? after.name
      : `${schema}.${simpleName(after.name)}${functionArguments(after.name)}`;
  return dropStatement({ ...after, name }, home?.before ?? present);
}

function renames({ objects, alters }: Effect, schemas: ReadonlyMap<string, string>): readonly DraftStatement[] {
  const stage = ({ before, id }: DraftObject): number =>
    before?.kind === 'schema' ? 0 : before?.home === id && before.kind !== 'sequence' ? 1 : 2;
  return [...alters]
    .map((id) => objects.get(id))
    .filter((object) => object !== undefined)
    .filter(({ before }) => before !== undefined && !(before.kind === 'index' && isOfConstraint(before, objects)))
    .sort((a, b) => stage(a) - stage(b) || oldestFirst(a, b))
    .flatMap((object) => renameStatements({ object, home: homeOf(object, objects), schemas }));
}

const ranks = {
  schema: 0,
  extension: 1,
  sequence: 1.5,
  whole: 2,
  column: 3,
  constraint: 4,
  index: 7,
  view: 8,
  part: 9,
};

/** Keys before the constraints that refer to them, views after what they show, and what belongs to a view after it. */
function rankOf(object: DraftObject, { objects }: Effect): number {
  if (object.before === undefined) return ranks.whole;
  const { kind, words } = object.before;
  const home = homeOf(object, objects)?.before;
  if (kind === 'view' || kind === 'materialized view') return ranks.view;
  if (object.before.home !== object.id && (home?.kind === 'materialized view' || home?.kind === 'view'))
    return ranks.part;
  if (kind === 'constraint') {
    const definition = wordOf({ words }, 'definition') ?? '';
    return ranks.constraint + (definition.startsWith('FOREIGN') ? 2 : definition.startsWith('CHECK') ? 1 : 0);
  }
  if (kind === 'schema' || kind === 'extension' || kind === 'sequence' || kind === 'column' || kind === 'index')
    return ranks[kind];
  return isNamedPart({ kind }) || kind === 'statistics' || kind === 'default acl' ? ranks.part : ranks.whole;
}

function made(effect: Effect, owner: string, fits: (rank: number) => boolean): readonly DraftStatement[] {
  return [...effect.makes]
    .flatMap((id) => {
      const object = effect.objects.get(id);
      return object?.before === undefined ? [] : [{ object, was: object.before, rank: rankOf(object, effect) }];
    })
    .filter(({ rank }) => fits(rank))
    .sort((a, b) => a.rank - b.rank || oldestFirst(a.object, b.object))
    .flatMap(({ object, was }) => makeAgain(effect, owner, { object, was }));
}

function makeAgain(
  effect: Effect,
  owner: string,
  { object, was }: { readonly object: DraftObject; readonly was: DescribedObject },
): readonly DraftStatement[] {
  const home = homeOf(object, effect.objects)?.before ?? was;
  const around = surroundings(effect, object.id);
  const lines = createStatement(was, home, around);
  if (!lines.some((line) => 'sql' in line)) return lines;
  const settings = was.kind === 'table' ? tableSettings(was, undefined) : [];
  const reported = [was, ...around.columns].flatMap((one) =>
    annotations({ was: one, is: undefined, home: one === was ? home : was }, owner),
  );
  return [...lines, ...settings, ...reported.map((sql) => ({ sql }))];
}

function surroundings({ objects, makes }: Effect, id: string): ObjectSurroundings {
  const former = [...objects.values()].filter(({ before }) => before !== undefined);
  const columns = former
    .filter(
      (object) => object.before?.kind === 'column' && object.before.home === id && object.id !== id && makes.has(id),
    )
    .sort(oldestFirst);
  const described = (list: readonly DraftObject[]): readonly DescribedObject[] =>
    list.flatMap(({ before }) => (before === undefined ? [] : [before]));
  return { columns: described(columns), sequences: described(former).filter(({ kind }) => kind === 'sequence') };
}

function changedBack(effect: Effect, owner: string): readonly DraftStatement[] {
  const { objects, alters, makes, compare } = effect;
  const revoked: DraftStatement[] = [];
  const functions: DraftStatement[] = [];
  const lines: DraftStatement[] = [];
  const views: DraftStatement[] = [];
  for (const object of inOrder(effect, alters)) {
    const { id } = object;
    const home = homeOf(object, objects);
    if (home === undefined) continue;
    // What a view has that is made anew has been told there.
    if (home.id !== id && makes.has(home.id)) continue;
    const was = object.before ?? { ...object.after, words: [] as readonly string[] };
    if (!isDescribed(was)) continue;
    const is = object.after ?? { ...was, words: [] };
    const place: PartHome = home.before ?? was;
    if (object.before !== undefined && object.after !== undefined && compare(object)) {
      const definition = wordOf(was, 'definition');
      if (
        (was.kind === 'function' || was.kind === 'procedure') &&
        definition !== undefined &&
        compare(object, 'definition')
      )
        functions.push({ sql: definition.trimEnd() });
      if (was.kind === 'view' && compare(object, 'query')) views.push({ sql: viewStatement(was, true) });
      lines.push(...alterStatements({ was, is, home: place }));
    }
    // A new owner takes over privileges that were granted to that role, so they are revoked first.
    for (const sql of annotations({ was, is, home: place }, owner))
      (sql.startsWith('REVOKE') ? revoked : lines).push({ sql });
  }
  return [...revoked, ...functions, ...lines, ...ownedSequences(effect), ...views];
}

function isDescribed(object: Partial<DescribedObject>): object is DescribedObject {
  return object.kind !== undefined && object.name !== undefined;
}

/** Gives a recreated sequence back to its column. */
function ownedSequences({ objects, makes }: Effect): readonly DraftStatement[] {
  return [...makes].flatMap((id) => {
    const before = objects.get(id)?.before;
    const column = before?.kind === 'sequence' ? wordOf(before, 'owned by') : undefined;
    return column === undefined ? [] : [{ sql: `ALTER SEQUENCE ${before?.name ?? ''} OWNED BY ${column}` }];
  });
}

/** It may name an index that was recreated. */
function behindIndexes({ objects, makes, alters }: Effect): readonly DraftStatement[] {
  return [...makes, ...alters].flatMap((id) => {
    const object = objects.get(id);
    return object?.before === undefined ? [] : replicaIdentity(object.before, makes.has(id) ? undefined : object.after);
  });
}
