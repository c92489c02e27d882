import type { ObjectKind } from '../../contract/catalogue-object.ts';
import { textOf, type PartName, type Words } from '../../contract/definition.ts';
import { differentWords, type WordDifference } from '../verify/word-difference.ts';

/** A part of a definition that is not as the rehearsal made it. */
export interface AdoptDifference {
  readonly part: PartName;
  readonly was: string;
  readonly is: string;
  /**
   * `real`: another definition. `spelling`: two texts that may mean the same, as a dumped and restored one does. `note`:
   * what may differ between databases that hold the same (owner, tuning, what was granted in addition).
   */
  readonly weight: 'real' | 'spelling' | 'note';
}

/** Parts that the server writes anew from what it has parsed: after a dump and restore they may read differently. */
const texts: ReadonlySet<PartName> = new Set<PartName>([
  'definition',
  'default',
  'generated',
  'query',
  'using',
  'with check',
  'partition by',
  'partition',
]);

/** Of these kinds, everything depends on who owns the database or on its operating system. */
const looseKinds: ReadonlySet<ObjectKind> = new Set<ObjectKind>(['default acl']);

/**
 * Compares what a rehearsal made with what was found under the same name.
 *
 * @param kind of the object
 * @param expected the rehearsal's words
 * @param found the target's words
 */
export function adoptDifferences(kind: ObjectKind, expected: Words, found: Words): readonly AdoptDifference[] {
  const owner = textOf(found, 'owner');
  return differentWords(expected, found)
    .filter(({ part, was }) => !(part === 'grant' && owner !== undefined && isTo(was, owner)))
    .map(({ part, was, is, severity }) => ({ part, was, is, weight: weightOf(kind, { part, was, is, severity }) }));
}

function weightOf(kind: ObjectKind, { part, was, is, severity }: WordDifference): AdoptDifference['weight'] {
  if (severity !== 'error' || part === 'owner' || looseKinds.has(kind)) return 'note';
  if (kind === 'extension' && part === 'version') return 'note';
  if (kind === 'collation' && part === 'locale') return 'note';
  // Default privileges of others take away as well as give.
  if (part === 'no grant' && was === '') return 'note';
  return texts.has(part) && was !== '' && is !== '' ? 'spelling' : 'real';
}

/** An owner has its privileges without being named. */
function isTo(grant: string, role: string): boolean {
  return grant.replace(/ with grant option$/, '').endsWith(` to ${role}`);
}
