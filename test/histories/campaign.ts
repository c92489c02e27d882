import { evaluate, type Terms, type Verdict } from './evaluate.ts';
import { generate } from './generate.ts';
import type { History } from './history.ts';
import { withClient } from './replay.ts';
import { shrink, type Result } from './shrink.ts';
import type { Stage } from './stage.ts';

/** Which seeds, and how. */
export interface Campaign {
  readonly seed: number;
  readonly count: number;
  readonly workers: number;
  readonly damages: number;
  /** True: failing histories are made smaller. */
  readonly shrink: boolean;
  /** True: the histories are only made. */
  readonly story: boolean;
  readonly onProgress: (text: string) => void;
}

/** Histories to be made smaller at most; others fail for the same reasons. */
const shrunkAtMost = 12;

/** Makes and judges the histories of the seeds, on the servers in turn. */
export async function runCampaign(stages: readonly Stage[], campaign: Campaign): Promise<readonly Result[]> {
  const { seed, count, workers, onProgress } = campaign;
  const began = performance.now();
  const results: Result[] = [];
  const seen = new Set<string>();
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      const stage = stages[(seed + index) % stages.length];
      if (stage === undefined) return;
      const result = await one(stage, seed + index, campaign, seen);
      results.push(result);
      for (const { kind, about, at } of result.verdict.failures.slice(0, 1))
        onProgress(`seed ${seed + index}: ${kind} (${about}), ${at}`);
      if (results.length % 50 === 0) {
        const seconds = (performance.now() - began) / 1_000;
        const failed = results.filter(({ verdict }) => verdict.failures.length > 0).length;
        onProgress(`${results.length} of ${count} (${seconds.toFixed(0)} s): ${failed} failed`);
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  const seconds = (performance.now() - began) / 1_000;
  onProgress(`${count} histories in ${seconds.toFixed(1)} s: ${(count / seconds).toFixed(2)} a second`);
  return results.sort((a, b) => a.history.seed - b.history.seed);
}

async function one(stage: Stage, seed: number, campaign: Campaign, seen: Set<string>): Promise<Result> {
  const terms = { damages: campaign.damages };
  const { history, reference } = await make(stage, seed);
  if (campaign.story) return { history, verdict: { state: 'judged', failures: [], damages: 0 } };
  const quick = await judged(stage, history, { ...terms, reference });
  // What failed is judged once more by what psql makes of the very files, not of the drafts.
  const verdict = quick.failures.length === 0 ? quick : await judged(stage, history, terms);
  const [first] = verdict.failures;
  if (!campaign.shrink || first === undefined) return { history, verdict };
  const sort = `${first.kind} ${first.about}`;
  if (seen.has(sort) || seen.size >= shrunkAtMost) return { history, verdict };
  seen.add(sort);
  campaign.onProgress(`seed ${seed}: ${sort}: making it smaller`);
  return await shrink({ history, verdict }, async (smaller) => await judged(stage, smaller, terms));
}

async function make(stage: Stage, seed: number): ReturnType<typeof generate> {
  await using scratch = await stage.database();
  return await withClient(scratch, async (client) => await generate(seed, stage.major, client));
}

/** What throws is a failure too: a bug of godwit's, or of this program. */
async function judged(stage: Stage, history: History, terms: Terms): Promise<Verdict> {
  try {
    return await evaluate(stage, history, terms);
  } catch (error) {
    const detail = (error as Error).stack ?? String(error);
    return {
      state: 'judged',
      failures: [{ kind: 'bug', at: '', about: String(error), detail, statement: '' }],
      damages: 0,
    };
  }
}
