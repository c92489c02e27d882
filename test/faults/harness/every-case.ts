import type { WirePoint } from './proxy.ts';
import type { CaseResult } from './one-case.ts';

/** What became of many cases. */
export interface Tally {
  readonly cases: number;
  /** How often the attempts ended with which codes: `42 0` -> 3. */
  readonly exits: Readonly<Record<string, number>>;
  /** One line for each case that ended wrong. */
  readonly wrong: readonly string[];
  /**
   * Cases whose fault was not reached, although the run must come by there. On the connections beside the first one the
   * number of messages depends on time: who looks after the run asks more often when it takes longer.
   */
  readonly missed: readonly string[];
}

/** How many cases are under way at once: the server works while others wait. */
const usualWorkers = 4;

/** Runs a case for each of these things, several at once. */
export async function forEachCase<T>(
  things: readonly T[],
  terms: {
    readonly name: (thing: T) => string;
    /** False: its fault may find no place to strike. */
    readonly sure?: (thing: T) => boolean;
    readonly workers?: number;
  },
  run: (thing: T) => Promise<CaseResult>,
): Promise<Tally> {
  const { name, workers = usualWorkers } = terms;
  const exits: Record<string, number> = {};
  const wrong: string[] = [];
  const missed: string[] = [];
  const queue = [...things];
  const work = async (): Promise<void> => {
    for (let thing = queue.shift(); thing !== undefined; thing = queue.shift()) {
      const result = await run(thing);
      const key = result.attempts.join(' ');
      exits[key] = (exits[key] ?? 0) + 1;
      if (result.struck === 0 && terms.sure?.(thing) !== false) missed.push(name(thing));
      if (result.wrong.length > 0)
        wrong.push(`${name(thing)} (${key}): ${result.wrong.map(({ why }) => why).join(' | ')}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return { cases: things.length, exits, wrong, missed };
}

/** `before frontend message 12 of connection 1`. */
export function pointName({ connection, direction, n, when }: WirePoint): string {
  return `${when} ${direction} message ${n} of ${connection === 'any' ? 'any connection' : `connection ${connection}`}`;
}
