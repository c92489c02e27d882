import type { ObjectKind } from '../../contract/catalogue-object.ts';
import { textOf, type PartName, type DefinitionWords } from '../../contract/definition.ts';
import { differentWords, type WordDifference } from '../verify/word-difference.ts';

/** A part of a definition that differs from the rehearsal's. */
export interface AdoptDifference {
  readonly part: PartName;
  readonly was: string;
  readonly is: string;
  /**
   * `real`: a different definition. `spelling`: two texts that may mean the same, as after dump and restore. `note`:
   * something that may differ between equivalent databases (owner, tuning, additional grants).
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
 * @param expected the rehearsal's definition
 * @param found the target's definition
 */
export function adoptDifferences(
  kind: ObjectKind,
  expected: DefinitionWords,
  found: DefinitionWords,
): readonly AdoptDifference[] {
  const owner = textOf(found, 'owner');
  return differentWords(expected, found)
    .filter(({ part, was }) => !(part === 'grant' && owner !== undefined && isTo(was, owner)))
    .map(({ part, was, is, severity }) => ({ part, was, is, weight: weightOf(kind, { part, was, is, severity }) }));
}

function weightOf(kind: ObjectKind, { part, was, is, severity }: WordDifference): AdoptDifference['weight'] {
  if (severity !== 'error' || part === 'owner' || looseKinds.has(kind)) return 'note';
  if (kind === 'extension' && part === 'version') return 'note';
  if (kind === 'collation' && part === 'locale') return 'note';
  // Default privileges of others revoke as well as grant.
  if (part === 'no grant' && was === '') return 'note';
  return texts.has(part) && was !== '' && is !== '' ? 'spelling' : 'real';
}

/** An owner has its privileges without an explicit grant. */
function isTo(grant: string, role: string): boolean {
  return grant.replace(/ with grant option$/, '').endsWith(` to ${role}`);
}
