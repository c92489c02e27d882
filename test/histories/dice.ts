import { chanceOf, type Chance } from '../faults/harness/random.ts';

/** Random choices that a seed determines. */
export interface Dice extends Chance {
  /** True with this probability. */
  maybe(probability: number): boolean;
  /** One of these; undefined if there are none. */
  one<T>(list: readonly T[]): T | undefined;
  /** One of these alternatives. */
  of<T>(...list: readonly [T, ...T[]]): T;
  /** One to `most` different ones. */
  some<T>(list: readonly T[], most: number): readonly T[];
}

export function diceOf(seed: number): Dice {
  const chance = chanceOf(Math.imul(seed, 0x9e3779b1));
  const one = <T>(list: readonly T[]): T | undefined => list[Math.floor(chance.next() * list.length)];
  return {
    ...chance,
    maybe: (probability) => chance.next() < probability,
    one,
    of: (...list) => one(list) ?? list[0],
    some(list, most) {
      const rest = [...list];
      const taken = [];
      for (let left = Math.min(chance.upTo(most), rest.length); left > 0; left -= 1)
        taken.push(...rest.splice(Math.floor(chance.next() * rest.length), 1));
      return taken;
    },
  };
}
