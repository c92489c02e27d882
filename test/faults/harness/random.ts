/** Chance that a seed determines. */
export interface Chance {
  /** From 0 to 1, without 1. */
  next(): number;
  /** A whole number from 1 to `most`. */
  upTo(most: number): number;
  /** One of these, each as often as its weight says. */
  pick<T>(choices: readonly (readonly [weight: number, value: T])[]): T;
}

/** The generator "mulberry32". */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    upTo: (most) => 1 + Math.floor(next() * most),
    pick(choices) {
      let left = next() * choices.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, value] of choices) {
        left -= weight;
        if (left < 0) return value;
      }
      throw new Error('nothing to choose from');
    },
  };
}
