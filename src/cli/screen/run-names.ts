/** Names runs by the beginnings of their ids, as git does with commits. */
export interface RunNames {
  /** Ids of further runs: what is shown must not be the beginning of any of them too. */
  know(ids: () => readonly string[]): void;
  /** The shortest beginning of the id that names no other known run, at least 12 characters. */
  short(id: string): string;
  /** A text in which every run is named so. */
  readonly inText: (text: string) => string;
}

/** Ten characters of an id are its time, in milliseconds; runs of the same moment differ in the others. */
const shortest = 12;
/** An id of 26 characters where a text names a run, or a command of `godwit runs` or `godwit db restore`. */
const named =
  /(?<=\b[Rr]un |\bgodwit |\bgodwit (?:runs [a-z-]+|db restore)(?: -e \S+)?(?: --config (?:"[^"]*"|\S+))? )[0-9A-HJKMNP-TV-Z]{26}\b/g;

/** Creates names that know no run yet. The ids are read when the first run is named. */
export function createRunNames(): RunNames {
  const sources: (() => readonly string[])[] = [];
  const known = new Set<string>();
  const short = (id: string): string => {
    for (const source of sources.splice(0)) for (const one of source()) known.add(one);
    let length = shortest;
    for (const other of known) if (other !== id) length = Math.max(length, commonLength(id, other) + 1);
    known.add(id);
    return id.slice(0, length);
  };
  return {
    know: (ids) => void sources.push(ids),
    short,
    inText: (text) => text.replaceAll(named, short),
  };
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
