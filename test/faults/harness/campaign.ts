import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CaseResult } from './one-case.ts';
import { noScores, scored, type Scores } from './scores.ts';

/** One of many cases: its name, and how it runs. */
export interface Numbered {
  readonly name: string;
  /** Nothing else may be at work on its server. */
  readonly alone: boolean;
  run(): Promise<CaseResult>;
}

/** Many cases by their number, and where it is kept how far they came. */
export interface Campaign {
  readonly count: number;
  readonly workers: number;
  /** File of the progress; without one nothing is kept. */
  readonly progress?: string;
  readonly caseAt: (index: number) => Numbered;
  /** Told after each block. */
  readonly onProgress: (scores: Scores) => void;
}

const block = 100;

interface Kept {
  readonly next: number;
  readonly scores: Scores;
}

/** Runs all cases in blocks; after each one the progress is kept, and a later call goes on behind it. */
export async function runCampaign(campaign: Campaign): Promise<Scores> {
  const { count, workers, progress, caseAt, onProgress } = campaign;
  let { next, scores } = readProgress(progress);
  while (next < count) {
    const until = Math.min(next + block, count);
    const cases = Array.from({ length: until - next }, (_, index) => caseAt(next + index));
    const [together, alone] = [cases.filter((one) => !one.alone), cases.filter((one) => one.alone)];
    const work = async (queue: Numbered[]): Promise<void> => {
      for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
        const ended = await result(one);
        scores = scored(scores, one.name, ended);
      }
    };
    await Promise.all([...Array.from({ length: workers }, async () => await work(together)), work(alone)]);
    next = until;
    keep(progress, { next, scores });
    onProgress(scores);
  }
  return scores;
}

/** A bug of the harness is told along with the case in which it showed. */
async function result(one: Numbered): Promise<CaseResult> {
  try {
    return await one.run();
  } catch (error) {
    throw new Error(`${one.name}: ${(error as Error).message}`, { cause: error });
  }
}

function readProgress(file: string | undefined): Kept {
  if (file === undefined || !existsSync(file)) return { next: 0, scores: noScores };
  return JSON.parse(readFileSync(file, 'utf8')) as Kept;
}

function keep(file: string | undefined, kept: Kept): void {
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(kept, null, 1));
  renameSync(`${file}.new`, file);
}
