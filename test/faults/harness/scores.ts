import type { CaseResult } from './one-case.ts';
import type { Flaw } from './check.ts';

/** What became of many cases so far; kept in a file, so that a run can go on where it was stopped. */
export interface Scores {
  readonly cases: number;
  /** Faults that have struck. */
  readonly struck: number;
  readonly attempts: number;
  /** Cases without any flaw. */
  readonly right: number;
  /** Cases with at least one flaw of a kind. */
  readonly flaws: Readonly<Record<Flaw, number>>;
  /** How often a disturbed attempt ended with which code. */
  readonly exits: Readonly<Record<string, number>>;
  /** The first cases that ended wrong: what they were, and why they are. */
  readonly wrong: readonly string[];
}

const mostKept = 50;

export const noScores: Scores = {
  cases: 0,
  struck: 0,
  attempts: 0,
  right: 0,
  flaws: { lost: 0, duplicated: 0, schema: 0, unrecorded: 0, untruthful: 0, human: 0, left: 0 },
  exits: {},
  wrong: [],
};

/** The scores with one more case. */
export function scored(scores: Scores, name: string, { attempts, struck, wrong }: CaseResult): Scores {
  const flaws = { ...scores.flaws };
  for (const flaw of new Set(wrong.map((one) => one.flaw))) flaws[flaw] += 1;
  const exits = { ...scores.exits };
  for (const code of attempts.slice(0, -1)) exits[code] = (exits[code] ?? 0) + 1;
  const line = `${name} (${attempts.join(' ')}): ${wrong.map(({ flaw, why }) => `${flaw}: ${why}`).join(' | ')}`;
  return {
    cases: scores.cases + 1,
    struck: scores.struck + struck,
    attempts: scores.attempts + attempts.length,
    right: scores.right + (wrong.length === 0 ? 1 : 0),
    flaws,
    exits,
    wrong: wrong.length === 0 ? scores.wrong : [...scores.wrong, line].slice(0, mostKept),
  };
}

const headings: readonly (readonly [string, (scores: Scores) => number])[] = [
  ['cases', ({ cases }) => cases],
  ['faults that struck', ({ struck }) => struck],
  ['attempts', ({ attempts }) => attempts],
  ['effects lost', ({ flaws }) => flaws.lost],
  ['effects duplicated', ({ flaws }) => flaws.duplicated],
  ['schema or rows wrong', ({ flaws }) => flaws.schema],
  ['not recorded, or wrongly', ({ flaws }) => flaws.unrecorded],
  ['untruthful exit code', ({ flaws }) => flaws.untruthful],
  ['`up` again did not do', ({ flaws }) => flaws.human],
  ['locks or sessions left', ({ flaws }) => flaws.left],
  ['**cases with anything wrong**', ({ cases, right }) => cases - right],
];

/** The scores of several columns as a table of Markdown. */
export function tableOf(columns: Readonly<Record<string, Scores>>): string {
  const names = Object.keys(columns);
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(['', ...names]),
    line(['---', ...names.map(() => '---:')]),
    ...headings.map(([heading, count]) => line([heading, ...Object.values(columns).map(count)])),
  ].join('\n');
}
