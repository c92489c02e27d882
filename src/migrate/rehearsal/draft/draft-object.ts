import type { ObjectAddress, ObjectName } from '../../contract/catalogue-object.ts';
import { textOf, textsOf, type PartName, type Words } from '../../contract/definition.ts';

/** An object in the server's own words, as `godwit.described` gives them. */
export interface DescribedObject extends ObjectName {
  /** The same object keeps it whatever it is called. */
  readonly address: ObjectAddress;
  /** Key of its address. */
  readonly id: string;
  /** Key of what it is a part of; its own where it is no part. */
  readonly home: string;
  readonly words: Words;
}

/** What a migration made of one object. Without `before` it created it, without `after` it dropped it. */
export interface DraftObject {
  readonly id: string;
  readonly before?: DescribedObject;
  readonly after?: DescribedObject;
}

/** One object uses another one, as the server keeps it. */
export interface Need {
  readonly from: string;
  readonly to: string;
  /** True: it goes with the other one, without CASCADE. */
  readonly goesWith: boolean;
}

/** All that a draft is made of. */
export interface DraftOptions {
  /** Every object before or after the migration, also those that it left alone. */
  readonly objects: readonly DraftObject[];
  /** As they are after it. */
  readonly needs: readonly Need[];
  /** Who ran it: objects of this owner need not be given to anybody. */
  readonly owner: string;
}

/** The objects before and after, by identity. What was made anew exactly as it was counts as left alone. */
export function pairsOf(before: readonly DescribedObject[], after: readonly DescribedObject[]): readonly DraftObject[] {
  const old = new Map(before.map((object) => [object.id, object]));
  const now = new Map(after.map((object) => [object.id, object]));
  const anew = new Map(after.filter(({ id }) => !old.has(id)).map((object) => [sameness(object), object]));
  const rebound = new Map<string, DescribedObject>();
  for (const object of before) {
    const twin = now.has(object.id) || object.id === object.home ? undefined : anew.get(sameness(object));
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

/** A part of the same home with the same name and the same words: the server makes indexes anew when a type changes. */
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
