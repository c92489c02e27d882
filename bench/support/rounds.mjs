// Paired measurements: every contestant runs once per round, in rotating order, so that a machine that slows down slows
// all of them. What is compared is the ratio of two contestants in the same round.

/**
 * @typedef {{ ms: number, cpuMs?: number, peakMB?: number, round?: number }} Sample
 * @typedef {Record<string, Sample[]>} Samples
 */

/**
 * @param {readonly [least: number, most: number]} rounds after the least, it ends as soon as the ratios are known well
 *   enough
 * @param {Record<string, { run: () => Promise<Sample>, atMost?: number }>} contestants `atMost` limits the rounds of slow
 *   ones.
 * @param {{ pairs?: (samples: Samples) => readonly (readonly [string, string])[], told?: (text: string) => void }} options
 *   `pairs` are those whose ratios decide.
 * @returns {Promise<Samples>}
 */
export async function interleave([least, most], contestants, { pairs = () => [], told = () => {} } = {}) {
  const names = Object.keys(contestants);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < most; round += 1) {
    const turn = round % names.length;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)]) {
      const { run, atMost = most } = contestants[name];
      if (round < atMost) samples[name].push({ ...(await run()), round });
    }
    const error = Math.max(0, ...pairs(samples).map((pair) => uncertainty(samples, pair)));
    const known = error === 0 || error === Infinity ? '' : `, ratios to ± ${(error * 100).toFixed(1)} %`;
    told(`round ${round + 1} of ${least === most ? most : `${least} to ${most}`}${known}`);
    if (round + 1 >= least && error <= wellEnough) break;
  }
  return samples;
}

/** A ratio is known well enough when its median is known to this part. */
const wellEnough = 0.02;

/** How far the median of the paired ratios may be off, as a part of it: from the median distance of its rounds. */
function uncertainty(samples, pair) {
  const ratios = pairedRatios(samples, pair);
  if (ratios.length < 3) return Infinity;
  const middle = median(ratios);
  const distance = median(ratios.map((ratio) => Math.abs(ratio - middle)));
  return (1.4826 * 1.2533 * distance) / middle / Math.sqrt(ratios.length);
}

/** The ratio of two contestants in every round that had both. */
function pairedRatios(samples, [one, other], what = 'ms') {
  const others = new Map(samples[other].map((sample) => [sample.round, sample[what]]));
  return samples[one].flatMap((sample) =>
    others.get(sample.round) > 0 ? [sample[what] / others.get(sample.round)] : [],
  );
}

/** The median of the paired ratios. */
export function ratio(samples, pair, what = 'ms') {
  return median(pairedRatios(samples, pair, what));
}

export function median(values) {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** One row of a table: the median and range of milliseconds, the rounds, the processor time, the peak of memory. */
export function row(name, samples) {
  const times = samples.map(({ ms }) => ms);
  const known = (what) => samples.map((sample) => sample[what]).filter((value) => value !== undefined);
  const peaks = known('peakMB');
  return {
    name,
    median: median(times),
    min: Math.min(...times),
    max: Math.max(...times),
    rounds: times.length,
    cpuMs: median(known('cpuMs')),
    ...(peaks.length === 0 ? {} : { peakMB: Math.max(...peaks) }),
  };
}

/** All contestants as rows; with a floor, each also as a multiple of it. */
export function rowsOf(samples, floor = 'floor') {
  return Object.entries(samples).map(([name, list]) => ({
    ...row(name, list),
    ...(samples[floor] === undefined
      ? {}
      : { timesFloor: ratio(samples, [name, floor]), cpuTimesFloor: ratio(samples, [name, floor], 'cpuMs') }),
  }));
}

/** A target: holds when the value is at most (or, with `atLeast`, at least) the limit; `about` explains this value. */
export function target(claim, value, limit, { unit = '×', atLeast = false, about } = {}) {
  const ok = atLeast ? value >= limit : value <= limit;
  return { claim, value, limit, unit, atLeast, ok, ...(about === undefined ? {} : { about }) };
}

/** A target for the ratio of two contestants: the median of the paired ratios, and for comparison that of the best rounds. */
export function ratioTarget(samples, [one, other], limit, options = {}) {
  const best = (name) => Math.min(...samples[name].map(({ ms }) => ms));
  const claim = options.claim ?? `${one} / ${other}`;
  return { ...target(claim, ratio(samples, [one, other]), limit, options), best: best(one) / best(other) };
}

/** The contestant with the lowest median; undefined if none ran. */
export function fastestOf(samples, names) {
  const middle = (name) => median(samples[name].map(({ ms }) => ms));
  return names.filter((name) => samples[name]?.length > 0).toSorted((a, b) => middle(a) - middle(b))[0];
}

/** One line of the summary: medians of the caches warm and cold, of the floor, and of the fastest peer. */
export function summaryLine(label, samples, { warm, cold, floor = 'floor', peer }) {
  const of = (name) => (samples[name] === undefined ? undefined : median(samples[name].map(({ ms }) => ms)));
  return {
    label,
    warm: of(warm),
    cold: of(cold),
    floor: of(floor),
    ...(peer === undefined ? {} : { peer: of(peer), peerName: peer }),
  };
}

/** Times work of this process, with its own processor time. */
export async function timedHere(list, work) {
  const began = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  list.push({ ms: performance.now() - began, cpuMs: (user + system) / 1_000, round: list.length });
  return result;
}
