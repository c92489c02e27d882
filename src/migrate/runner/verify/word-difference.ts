import { partIn, type PartName, type DefinitionWords } from '../../contract/definition.ts';

/** One part of a definition that differs. Empty text: it does not exist. */
export interface WordDifference {
  readonly part: PartName;
  readonly was: string;
  readonly is: string;
  /** Tuning is a note; additional grants or comments are warnings; everything else is a different definition. */
  readonly severity: 'error' | 'warning' | 'note';
}

/**
 * Compares two definitions part by part.
 *
 * @param old the parts as the baseline has them
 * @param now the parts as the server has them now
 *
 * @example
 * ```ts
 * differentWords(['type: integer', 'owner: app'], ['type: bigint', 'owner: app']);
 * // [{ part: 'type', was: 'integer', is: 'bigint', severity: 'error' }]
 * ```
 */
export function differentWords(old: DefinitionWords, now: DefinitionWords): readonly WordDifference[] {
  const gone = old.filter((word) => !now.includes(word)).map(partIn);
  const added = now.filter((word) => !old.includes(word)).map(partIn);
  const differences: WordDifference[] = [];
  for (const { part, text } of gone) {
    // A part that occurs once was changed; of a list (grants, parents) each member exists or not.
    const index = lists.has(part) ? -1 : added.findIndex((other) => other.part === part);
    const [other] = index < 0 ? [] : added.splice(index, 1);
    differences.push({ part, was: text, is: other?.text ?? '', severity: isTuning(part) ? 'note' : 'error' });
  }
  for (const { part, text } of added)
    differences.push({
      part,
      was: '',
      is: text,
      severity: isTuning(part) ? 'note' : part === 'grant' || part === 'comment' ? 'warning' : 'error',
    });
  return differences;
}

/**
 * A part for people: `type: bigint`, or a text that says that it does not exist.
 *
 * @param text empty if it does not exist
 */
export function shownPart(part: PartName, text: string): string {
  return text === '' ? (usual[part] ?? `no ${part}`) : `${part}: ${text}`;
}

/** The default of parts that are only listed when they differ from it. */
const usual: Readonly<Partial<Record<PartName, string>>> = {
  fires: 'fires as usual',
  applies: 'applies as usual',
  'no grant': 'every standard grant',
};

const lists: ReadonlySet<PartName> = new Set<PartName>([
  'grant',
  'no grant',
  'inherits',
  'option',
  'tuning option',
  'mapping',
  'operator',
  'function',
  'table',
  'schema',
]);

function isTuning(part: PartName): boolean {
  return part.startsWith('tuning ');
}
