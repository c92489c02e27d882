import { parseArgs } from 'node:util';
import { openStage, type Stage } from '../histories/stage.ts';
import { makeScene, type Scene } from './scene.ts';
import { shown, tryDamage, type Trial } from './trial.ts';

const usage = `npm run damages -- [options]

Histories in the database that somebody has damaged: rows deleted, edited or doubled, tables emptied or restored from an
earlier state, constraints dropped, a schema of a later version. Nothing may be applied twice or recorded without being
applied, each damage that matters is named, and no command fails in a way that it does not explain.

  --seed N       the first seed (default 1); one seed is one damaged history
  --count N      how many (default 100; with --seed alone: 1), on the majors in turn
  --majors LIST  PostgreSQL majors (default 15,18)
  --scenes N     how many histories are made to be damaged, for each major (default: count / 20, 2 to 20)
  --workers N    how many at once (default 4)
  --story        prints what was done and what the commands said
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string' },
    majors: { type: 'string', default: '15,18' },
    scenes: { type: 'string' },
    workers: { type: 'string', default: '4' },
    story: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const first = Number(values.seed ?? 1);
  const count = Number(values.count ?? (values.seed === undefined ? 100 : 1));
  const stages = await Promise.all(values.majors.split(',').map((major) => openStage(Number(major))));
  const began = performance.now();
  try {
    const trials = await campaign(stages, first, count);
    process.stdout.write(`${reportOf(trials, (performance.now() - began) / 1000)}\n`);
    return trials.some(({ failures }) => failures.length > 0) ? 1 : 0;
  } finally {
    for (const stage of stages) await stage[Symbol.asyncDispose]();
  }
}

/** The scene of a seed depends on nothing but the seed. */
const mostScenes = 20;

async function campaign(stages: readonly Stage[], first: number, count: number): Promise<readonly Trial[]> {
  const seeds = Array.from({ length: count }, (_, n) => first + n);
  const scenes = Number(values.scenes ?? Math.min(mostScenes, Math.max(2, Math.ceil(count / 20))));
  const made = new Map<string, Promise<Scene>>();
  const sceneOf = (stage: Stage, number: number): Promise<Scene> => {
    const key = `${stage.major} ${number}`;
    const known = made.get(key) ?? makeScene(stage, number);
    made.set(key, known);
    return known;
  };
  const trials: Trial[] = [];
  const work = async (): Promise<void> => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      const stage = stages[seed % stages.length];
      if (stage === undefined) return;
      const number = Math.floor(seed / stages.length) % scenes;
      const trial = await tryDamage(stage, await sceneOf(stage, number), { seed, number });
      trials.push(trial);
      if (values.story) process.stdout.write(`${storyOf(trial, await sceneOf(stage, number))}\n`);
      if (trials.length % 100 === 0) process.stderr.write(`${trials.length} of ${count}\n`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, work));
  return trials.toSorted((a, b) => a.seed - b.seed);
}

function storyOf({ seed, damages, noticed, failures, said }: Trial, { story }: Scene): string {
  const found = failures.map(({ kind, detail }) => `${kind} ${detail}`);
  return [`seed ${seed}`, ...story, ...damages.map(({ sql }) => sql), said, `noticed ${noticed}`, ...found].join('\n');
}

function reportOf(trials: readonly Trial[], seconds: number): string {
  const sorts = new Map<string, { seeds: number[]; example: string }>();
  for (const { seed, failures, damages } of trials)
    for (const { kind, detail } of failures) {
      const sort = sorts.get(kind) ?? {
        seeds: [],
        example: `${damages.map(shown).join(' and ')}: ${detail.slice(0, 300)}`,
      };
      sort.seeds.push(seed);
      sorts.set(kind, sort);
    }
  const failed = trials.filter(({ failures }) => failures.length > 0).length;
  const noticed = (how: Trial['noticed']): number => trials.filter((trial) => trial.noticed === how).length;
  return [
    ...[...sorts].map(
      ([kind, { seeds, example }]) =>
        `${String(seeds.length).padStart(5)}  ${kind}  (seeds ${seeds.slice(0, 6).join(', ')})\n       ${example}`,
    ),
    `${trials.length} histories in ${seconds.toFixed(1)} s: ${noticed('by every command')} damages refused by every command, ${noticed('by verify-chain')} named by verify-chain, ${noticed('by nobody')} that need not be named, ${noticed('not damaged')} not damaged.`,
    `${failed} failed.`,
  ].join('\n');
}

process.exitCode = await main();
