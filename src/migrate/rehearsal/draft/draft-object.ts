import type { ObjectAddress, ObjectName } from '../../contract/catalogue-object.ts';
import { textOf, textsOf, type PartName, type DefinitionWords } from '../../contract/definition.ts';

/** An object in the server's own words, as `godwit.described` gives them. */
export interface DescribedObject extends ObjectName {
  /** The same object keeps it whatever it is called. */
  readonly address: ObjectAddress;
  /** Key of its address. */
  readonly id: string;
  /** Key of what it is a part of; its own where it is no part. */
  readonly home: string;
  readonly words: DefinitionWords;
}

/** What a migration made of one object. Without `before` it created it, without `after` it dropped it. */
export interface DraftObject {
  readonly id: string;
  readonly before?: DescribedObject;
  readonly after?: DescribedObject;
}

/** One object depends on another, as recorded by the server. */
export interface Need {
  readonly from: string;
  readonly to: string;
  /** True: it is dropped with the other one, without CASCADE. */
  readonly goesWith: boolean;
}

/** Everything that a draft is made from. */
export interface DraftOptions {
  /** Every object before or after the migration, including those that it did not change. */
  readonly objects: readonly DraftObject[];
  /** The dependencies after the migration. */
  readonly needs: readonly Need[];
  /** The role that ran it: objects of this owner need no ALTER … OWNER. */
  readonly owner: string;
}

/** The objects before and after, by identity. What was recreated exactly as it was counts as unchanged. */
export function pairsOf(before: readonly DescribedObject[], after: readonly DescribedObject[]): readonly DraftObject[] {
  const old = new Map(before.map((object) => [object.id, object]));
  const now = new Map(after.map((object) => [object.id, object]));
  const recreated = new Map(after.filter(({ id }) => !old.has(id)).map((object) => [sameness(object), object]));
  const rebound = new Map<string, DescribedObject>();
  for (const object of before) {
    const twin = now.has(object.id) || object.id === object.home ? undefined : recreated.get(sameness(object));
    if (twin !== undefined) rebound.set(twin.id, object);
  }
  const taken = new Set([...rebound.values()].map(({ id }) => id));
  return [
    ...after.map((object): DraftObject => {
      const was = old.get(object.id) ?? rebound.get(object.id);
      return { id: object.id, ...(was === undefined ? {} : { before: was }), after: object };
    }),
    ...before
      .filter(({ id }) => !now.has(id) && !taken.has(id))
      .map((object): DraftObject => ({ id: object.id, before: object })),
  ];
}

/** Identifies a part by its home, name and definition: the server recreates indexes when a type changes. */
function sameness({ home, kind, name, words }: DescribedObject): string {
  return JSON.stringify([home, kind, name, words]);
}

/** The text of a part that occurs once; undefined: it is not there. */
export function wordOf(object: Pick<DescribedObject, 'words'> | undefined, part: PartName): string | undefined {
  return object === undefined ? undefined : textOf(object.words, part);
}

/** All texts of a part that may occur several times. */
export function wordsOf(object: Pick<DescribedObject, 'words'> | undefined, part: PartName): readonly string[] {
  return object === undefined ? [] : textsOf(object.words, part);
}
