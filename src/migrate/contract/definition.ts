/**
 * What a part of a definition is, as `godwit.described` (sql/history/words.sql, words-other.sql) calls it. Some occur once in
 * a definition, others (grants, parents, options) for each member of a list.
 */
export const partNames = [
  'access method',
  'all tables',
  'applies',
  'attached to',
  'base',
  'base type',
  'cache',
  'collation',
  'command',
  'comment',
  'commutator',
  'compression',
  'context',
  'converts',
  'cycle',
  'default',
  'definition',
  'family',
  'fires',
  'from',
  'function',
  'functions',
  'generated',
  'generated columns',
  'grant',
  'handler',
  'hashes',
  'identity',
  'increment',
  'inherited',
  'inherits',
  'join',
  'key type',
  'labels',
  'locale',
  'mapping',
  'maximum',
  'merges',
  'method',
  'minimum',
  'negator',
  'no grant',
  'not deterministic',
  'not enforced by its triggers',
  'not null',
  'not null not inherited',
  'not null not valid',
  'not valid',
  'of type',
  'operator',
  'option',
  'options',
  'owned by',
  'owner',
  'parser',
  'partition',
  'partition by',
  'publishes',
  'query',
  'range',
  'replica identity',
  'restrict',
  'restrictive',
  'result',
  'roles',
  'row security',
  'row security forced',
  'rules',
  'schema',
  'server',
  'start',
  'storage',
  'table',
  'template',
  'to',
  'tuning clustered',
  'tuning option',
  'tuning statistics',
  'tuning tablespace',
  'type',
  'unlogged',
  'using',
  'version',
  'via root',
  'with check',
] as const;

/** One of {@link partNames}. */
export type PartName = (typeof partNames)[number];

/** One part of a definition in the server's own words. */
export interface DefinitionPart {
  readonly part: PartName;
  readonly text: string;
}

/** A definition as the history keeps it and bundles carry it: each part a line, `part: text`. Only this module takes them apart. */
export type DefinitionWords = readonly string[];

/** Takes one line apart. A line that somebody has damaged has a part that no definition has, or none. */
export function partIn(word: string): DefinitionPart {
  const at = word.indexOf(': ');
  return { part: word.slice(0, Math.max(at, 0)) as PartName, text: word.slice(at < 0 ? 0 : at + 2) };
}

/** The text of a part that occurs once; undefined: the definition has none. */
export function textOf(words: DefinitionWords, name: PartName): string | undefined {
  return words.map(partIn).find(({ part }) => part === name)?.text;
}

/** The texts of a part that may occur several times. */
export function textsOf(words: DefinitionWords, name: PartName): readonly string[] {
  return words.flatMap((word) => {
    const { part, text } = partIn(word);
    return part === name ? [text] : [];
  });
}

/** Reads a definition from a column of the history that is selected as JSON. */
export function wordsIn(json: string | null | undefined): DefinitionWords {
  return json == null ? [] : (JSON.parse(json) as DefinitionWords);
}
