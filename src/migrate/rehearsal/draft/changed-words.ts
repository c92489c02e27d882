import { partIn, type PartName } from '../../contract/definition.ts';
import type { DescribedObject, DraftObject } from './draft-object.ts';
import { partsOfName, simpleName } from './names.ts';

/** Says whether the definition of an object differs, apart from names of renamed objects. */
export type Compare = (object: DraftObject, part?: PartName) => boolean;

/**
 * Creates the comparison of definitions for a migration that may have renamed things: the text of a view changes when a
 * column that it shows is renamed, and changes back when the column gets its former name.
 */
export function comparison(objects: readonly DraftObject[]): Compare {
  const renamed = objects.flatMap(({ before, after }): readonly (readonly [RegExp, string])[] => {
    if (before === undefined || after === undefined || before.name === after.name) return [];
    const [now, was] = [withoutArguments(after.name), withoutArguments(before.name)];
    const names: readonly (readonly [string, string])[] = [
      [now, was],
      [simpleName(now), simpleName(was)],
    ];
    return names.filter(([to, from]) => to !== from).map(([to, from]) => [wholeName(to), from] as const);
  });
  const former = (text: string): string =>
    renamed.reduce((result, [now, was]) => result.replaceAll(now, () => was), text);
  const read = (object: DescribedObject, part: PartName | undefined, through: (text: string) => string): string =>
    JSON.stringify(
      object.words
        .filter((word) => part === undefined || partIn(word).part === part)
        .map((word) => plain(through(word)))
        .sort(),
    );
  return ({ before, after }, part) =>
    before !== undefined &&
    after !== undefined &&
    read(before, part, (text) => text) !== read(after, part, renamed.length === 0 ? (text) => text : former);
}

/** The server writes `a AS a` for an alias that equals the column's own name. */
function plain(text: string): string {
  return text.replaceAll(/\b(\w+) AS \1\b/g, '$1');
}

function withoutArguments(name: string): string {
  const parts = partsOfName(name);
  return [...parts.slice(0, -1), simpleName(name)].join('.');
}

function wholeName(name: string): RegExp {
  return new RegExp(`(?<![\\w"$])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}(?![\\w"$])`, 'g');
}
