import { shownPart } from '../verify/word-difference.ts';
import { adoptDifferences, type AdoptDifference } from './difference.ts';
import { keyOfName, type HomeAddress, type ObjectAddress, type ObjectName } from '../../contract/catalogue-object.ts';
import type { PartName, DefinitionWords } from '../../contract/definition.ts';
import { stateAt, type Rehearsed, type RehearsedObject, type SameWord } from '../../contract/rehearsed.ts';

/** An object of the target, found by its name. */
export interface FoundObject extends ObjectName {
  readonly address: ObjectAddress;
  readonly home: HomeAddress;
  readonly words: DefinitionWords;
}

/** One difference from the result of the rehearsal. */
export interface AdoptionDifference {
  readonly object: RehearsedObject;
  /** Index of the migration that made it so. */
  readonly step: number;
  /** What differs of it; undefined: whether it is there. */
  readonly part: PartName | undefined;
  readonly expected: string;
  readonly found: string;
  readonly weight: AdoptDifference['weight'];
}

/** How far the target matches what the migrations make. */
export interface Judgement {
  /** Index of the last migration after which everything agrees; -1: none. */
  readonly proven: number;
  /** The migration whose state is nearest to the target, apart from spelling. */
  readonly nearest: number;
  /** The differences from the state after the nearest migration. */
  readonly differences: readonly AdoptionDifference[];
  /** Texts that may mean the same. */
  readonly doubtful: readonly SameWord[];
  /** True: something exists that migrations after the proven ones make. */
  readonly started: boolean;
  /** What agrees except for owner, tuning and the like. */
  readonly notes: readonly AdoptionDifference[];
}

interface Fit {
  readonly real: number;
  readonly spelling: number;
}

/**
 * Compares the target with the state after each migration. An object that a later migration changes differs for the
 * earlier ones, so the target itself shows how far it is; objects that were not made by migrations are ignored.
 *
 * @param rehearsed what the migrations make
 * @param found what the target has under these names, by `keyOfName`
 * @param asked whether the migration with this index is one that is to be adopted
 */
export function judgeAdoption(
  rehearsed: Rehearsed,
  found: ReadonlyMap<string, FoundObject>,
  asked: (step: number) => boolean,
): Judgement {
  const all = rehearsed.steps.map((_, step) => step);
  // Migrations that are not to be adopted may have changed the results of those that are.
  const steps = all.slice(Math.max(0, all.findIndex(asked)));
  const objects = rehearsed.objects.filter(({ states }) => states.some(({ step }) => asked(step)));
  const fits = fitsOf(rehearsed, { objects, found, asked });
  const fit = (step: number): Fit => fits[step] ?? { real: 0, spelling: 0 };
  const proven = lastProven(steps, fit, { objects, found });
  const later = steps.filter((step) => step > proven);
  const compared = { objects, found, asked };
  const agreeing = later.filter((step) => fit(step).real === 0 && isShown(objects, found, step)).at(-1);
  const nearest = agreeing ?? nearestOf(later, fit) ?? proven;
  const differences = nearest > proven ? differencesAt(rehearsed, compared, nearest) : [];
  return {
    proven,
    nearest,
    differences: differences.filter(({ weight }) => weight !== 'note'),
    doubtful: differences.flatMap(({ object, weight, expected, found: is }) =>
      weight === 'spelling' ? [{ kind: object.kind, name: object.name, expected, found: is }] : [],
    ),
    started: later.some((step) => asked(step) && isStarted(objects, found, step)),
    notes: proven < 0 ? [] : differencesAt(rehearsed, compared, proven).filter(({ weight }) => weight === 'note'),
  };
}

interface AdoptionComparison {
  readonly objects: readonly RehearsedObject[];
  readonly found: ReadonlyMap<string, FoundObject>;
  readonly asked: (step: number) => boolean;
}

/** For each migration, how many objects differ from the state that it and those before it leave. */
function fitsOf(rehearsed: Rehearsed, { objects, found, asked }: AdoptionComparison): readonly Fit[] {
  const fits = rehearsed.steps.map(() => ({ real: 0, spelling: 0 }));
  for (const object of objects) {
    const first = object.states.find(({ step }) => asked(step))?.step ?? 0;
    const weights = object.states.map(({ words }) => worst(rehearsed, object, words, found));
    // If one state matches exactly, it is the only candidate.
    const exact = weights.includes('none');
    object.states.forEach(({ step }, index) => {
      const weight = weights[index];
      if (weight === undefined || weight === 'none') return;
      const until = object.states[index + 1]?.step ?? rehearsed.steps.length;
      for (let at = Math.max(step, first); at < until; at += 1) {
        const counted = fits[at];
        if (counted === undefined) continue;
        if (weight === 'real' || exact) counted.real += 1;
        else counted.spelling += 1;
      }
    });
  }
  return fits;
}

function worst(
  rehearsed: Rehearsed,
  object: RehearsedObject,
  words: DefinitionWords | null,
  found: AdoptionComparison['found'],
): 'none' | 'spelling' | 'real' {
  const weights = compareOne(rehearsed, object, words, found).map(({ weight }) => weight);
  return weights.includes('real') ? 'real' : weights.includes('spelling') ? 'spelling' : 'none';
}

function compareOne(
  rehearsed: Rehearsed,
  object: RehearsedObject,
  words: DefinitionWords | null,
  found: AdoptionComparison['found'],
): readonly Omit<AdoptionDifference, 'object' | 'step'>[] {
  const there = found.get(keyOfName(object));
  if (words === null)
    return there === undefined ? [] : [{ part: undefined, expected: 'not there', found: 'there', weight: 'real' }];
  if (there === undefined)
    return [
      {
        part: undefined,
        expected: 'there',
        found: 'missing',
        weight: object.kind === 'default acl' ? 'note' : 'real',
      },
    ];
  return adoptDifferences(object.kind, words, spelledAlike(rehearsed, object, there.words)).map(
    ({ part, was, is, weight }) => ({
      part,
      expected: shownPart(part, was),
      found: shownPart(part, is),
      weight,
    }),
  );
}

/** The target's words, those that mean the same written as the rehearsal writes them. */
function spelledAlike({ same }: Rehearsed, object: RehearsedObject, words: DefinitionWords): DefinitionWords {
  const own = same.filter(({ kind, name }) => kind === object.kind && name === object.name);
  if (own.length === 0) return words;
  return words.map((word) => own.find(({ found }) => found === word)?.expected ?? word);
}

/** An empty database proves nothing, and neither does a migration that makes no object. */
function lastProven(
  steps: readonly number[],
  fit: (step: number) => Fit,
  { objects, found }: Pick<AdoptionComparison, 'objects' | 'found'>,
): number {
  const agree = steps.filter(
    (step) =>
      fit(step).real === 0 &&
      fit(step).spelling === 0 &&
      isShown(objects, found, step) &&
      objects.some(({ states }) => states.some((state) => state.step === step)),
  );
  return agree.at(-1) ?? -1;
}

function isShown(objects: AdoptionComparison['objects'], found: AdoptionComparison['found'], step: number): boolean {
  return objects.some((object) => {
    const words = stateAt(object, step)?.words;
    return words !== undefined && words !== null && found.has(keyOfName(object));
  });
}

/** Of equally near ones the last: then what later migrations changed again is not reported. */
function nearestOf(steps: readonly number[], fit: (step: number) => Fit): number | undefined {
  let nearest: number | undefined;
  for (const step of steps) if (nearest === undefined || fit(step).real <= fit(nearest).real) nearest = step;
  return nearest;
}

/** Does anything exist that this migration made, or in the form to which it changed it? */
function isStarted(objects: AdoptionComparison['objects'], found: AdoptionComparison['found'], step: number): boolean {
  return objects.some((object) => {
    const index = object.states.findIndex((state) => state.step === step);
    const state = object.states[index];
    if (state === undefined) return false;
    const before = object.states[index - 1]?.words ?? null;
    const there = found.get(keyOfName(object));
    if (state.words === null || there === undefined) return false;
    if (before === null) return state.made === step;
    const weight = (words: DefinitionWords): boolean =>
      adoptDifferences(object.kind, words, there.words).some((one) => one.weight !== 'note');
    return !weight(state.words) && weight(before);
  });
}

/** The differences from the state after the migrations up to this one. */
export function differencesAt(
  rehearsed: Rehearsed,
  { objects, found, asked }: AdoptionComparison,
  at: number,
): readonly AdoptionDifference[] {
  const all = objects.flatMap((object): readonly AdoptionDifference[] => {
    const state = stateAt(object, at);
    if (state === undefined || !object.states.some(({ step }) => step <= at && asked(step))) return [];
    return compareOne(rehearsed, object, state.words, found).map((one) => ({ object, step: state.step, ...one }));
  });
  // What is missing with its table, or exists with it, is reported with the table.
  const homes = new Set(
    all.flatMap(({ object, expected, found: is }) =>
      object.name === object.home && (expected === 'not there' || is === 'missing') ? [homeKey(object)] : [],
    ),
  );
  return all.filter(({ object }) => object.name === object.home || !homes.has(homeKey(object)));
}

/** What it is a part of, where OIDs mean nothing. */
function homeKey({ homeClass, home }: RehearsedObject): string {
  return `${homeClass} ${home}`;
}
