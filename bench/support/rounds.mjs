// Paired measurements: every contestant runs once per round, in rotating order, so that a machine that slows down slows
// all of them.

/**
 * @param {number} rounds
 * @param {Record<string, { run: () => Promise<number>, atMost?: number }>} contestants `run` gives milliseconds;
 *   `atMost` limits the rounds of slow ones.
 * @returns {Promise<Record<string, number[]>>}
 */
export async function interleave(rounds, contestants) {
  const names = Object.keys(contestants);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const turn = round % names.length;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)]) {
      const { run, atMost = rounds } = contestants[name];
      if (round < atMost) times[name].push(await run());
    }
  }
  return times;
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** One row of a table, in milliseconds: median, range, and rounds. */
export function row(name, times, more = {}) {
  return {
    name,
    median: median(times),
    min: Math.min(...times),
    max: Math.max(...times),
    rounds: times.length,
    ...more,
  };
}

/** A target: holds when the value is at most (or, with `atLeast`, at least) the limit. */
export function target(claim, value, limit, { unit = '×', atLeast = false } = {}) {
  return { claim, value, limit, unit, atLeast, ok: atLeast ? value >= limit : value <= limit };
}

/** A target for the ratio of two contestants: of their medians, and for comparison of their best rounds. */
export function ratioTarget(times, [one, other], limit, options = {}) {
  const value = median(times[one]) / median(times[other]);
  const best = Math.min(...times[one]) / Math.min(...times[other]);
  return { ...target(options.claim ?? `${one} / ${other}`, value, limit, options), best };
}

/** The contestant with the lowest median. */
export function fastestOf(times, names) {
  return names.toSorted((a, b) => median(times[a]) - median(times[b]))[0];
}
