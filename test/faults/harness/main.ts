import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbedded } from '../../../src/adapters/embedded/server.ts';
import { dataFolder } from '../../support/folder.ts';
import { runCampaign, type Numbered } from './campaign.ts';
import { pointName } from './every-case.ts';
import * as faults from './faults.ts';
import { mixedSet, togetherCopySet, togetherSet } from './migration-set.ts';
import { runCase, takeReference, type Disturbed, type FaultKind, type Reference } from './one-case.ts';
import { nodePgMigrate } from './peer.ts';
import { pointsOf, runnerPointsOf } from './points.ts';
import type { Direction } from './wire-messages.ts';
import { tableOf, type Scores } from './scores.ts';
import { sequenceOf } from './sequence.ts';
import { godwit, godwitTogether, type Tool } from './tool.ts';
import { must, openWorkbench, type Workbench } from './workbench.ts';

const usage = `npm run faults -- [options]

Random histories of one to four faults, each recovered by \`up\` in fresh processes, and judged.

  --seed N          the first seed (default 1); one seed is one history
  --count N         how many (default 100)
  --progress FILE   keeps there how far it came; the same command goes on behind it
                    (default .godwit/faults-<what>.json; with --anew it begins again)
  --tx all          all migrations of the set in one transaction (of random histories every fourth one does that anyway)
  --enumerate KIND  instead: reset, terminate or kill at every point of a run; --every-message: at all messages singly
  --peer NAME       puts another tool to the same test: node-pg-migrate
  --major N         PostgreSQL major (default 18)
  --workers N       cases under way at once (default 4)
  --story           only tells what the seeds stand for
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '100' },
    progress: { type: 'string' },
    anew: { type: 'boolean', default: false },
    enumerate: { type: 'string' },
    tx: { type: 'string' },
    'every-message': { type: 'boolean', default: false },
    peer: { type: 'string' },
    major: { type: 'string', default: '18' },
    workers: { type: 'string', default: '4' },
    story: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [seed, count, workers] = [values.seed, values.count, values.workers].map(Number) as [number, number, number];
const kinds: Readonly<Record<string, FaultKind>> = {
  reset: faults.reset,
  terminate: faults.terminate,
  kill: faults.kill,
};

/** A workbench, the tool laid out on it, and a run of it without faults. */
interface Scene {
  readonly bench: Workbench;
  readonly tool: Tool;
  readonly reference: Reference;
}

/** A server with its scenes. */
interface Stage extends AsyncDisposable {
  /** Each file has its own transactions. */
  readonly each: Scene;
  /** All share one: pipelined, and with data. */
  readonly all: readonly Scene[];
}

async function openStage(): Promise<Stage> {
  const dataDir = dataFolder('faults');
  // Nothing is worth a flush; but what was committed must outlive a crash of the server.
  const settings = { fsync: 'off', full_page_writes: 'off', autovacuum: 'off', max_connections: '200' };
  const server = must(await startEmbedded({ dataDir, major: Number(values.major), settings }));
  const bench = await openWorkbench(server.url, mixedSet);
  const tool = values.peer === undefined ? godwit : await nodePgMigrate(bench);
  const sets = values.peer === undefined ? [togetherSet, togetherCopySet] : [];
  const all = await Promise.all(
    sets.map(async (set): Promise<Scene> => {
      const own = await openWorkbench(server.url, set);
      return { bench: own, tool: godwitTogether, reference: await takeReference(own, godwitTogether) };
    }),
  );
  return {
    each: { bench, tool, reference: await takeReference(bench, tool) },
    all,
    async [Symbol.asyncDispose]() {
      for (const scene of all) await scene.bench[Symbol.asyncDispose]();
      await bench[Symbol.asyncDispose]();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function lengthOf({ reference }: Scene): Readonly<Record<Direction, number>> {
  const { length } = reference.passed.filter(({ direction }) => direction === 'frontend');
  return { frontend: length, backend: reference.passed.length - length };
}

/** The cases of an enumeration. */
function enumerated(stage: Scene, kind: string): readonly Numbered[] {
  const act = kinds[kind];
  if (act === undefined) throw new Error(`there are: ${Object.keys(kinds).join(', ')}`);
  const points = kind === 'reset' ? pointsOf : runnerPointsOf;
  const start = kind === 'kill' ? stage.tool.startProcess : stage.tool.start;
  return points(stage.reference.passed, { everyMessage: values['every-message'] }).map((point) => ({
    name: `${kind} ${pointName(point)}`,
    alone: false,
    run: async () => await runCase(stage.bench, { ...stage, recover: start }, [{ start, faults: [{ point, act }] }]),
  }));
}

/** Every fourth seed, or with `--tx all` every one, applies all in one transaction. */
function sceneOf({ each, all }: Stage, one: number): Scene {
  const scene = all[Math.floor(one / 4) % Math.max(all.length, 1)];
  return scene !== undefined && (values.tx === 'all' || one % 4 === 3) ? scene : each;
}

/** The cases of the seeds; those with a crash get a server of their own. */
function sequences(stage: Stage, crashing: Stage): (index: number) => Numbered {
  return (index) => {
    const scene = sceneOf(stage, seed + index);
    const sequence = sequenceOf(seed + index, scene.tool, lengthOf(scene));
    const { bench, tool, reference } = sequence.crashes ? sceneOf(crashing, seed + index) : scene;
    const disturbed: readonly Disturbed[] = sequence.disturbed;
    const all = scene === stage.each ? '' : ' (--tx all)';
    return {
      name: `seed ${seed + index}${all}: ${sequence.story.join(', then ')}`,
      alone: sequence.crashes,
      run: async () => await runCase(bench, { tool, reference }, disturbed),
    };
  };
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (values.peer !== undefined && values.peer !== 'node-pg-migrate') throw new Error('there is: node-pg-migrate');
  await using stage = await openStage();
  const began = performance.now();
  const what = `${values.enumerate ?? `${seed}-${count}`}${values.tx === undefined ? '' : `-${values.tx}`}${values.peer === undefined ? '' : `-${values.peer}`}`;
  const progress = resolve(values.progress ?? `.godwit/faults-${what}.json`);
  if (values.anew) rmSync(progress, { force: true });
  const report = (total: number) => (scores: Scores) => {
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    process.stderr.write(`${scores.cases} of ${total} (${seconds} s): ${scores.cases - scores.right} wrong\n`);
  };
  let scores: Scores;
  if (values.enumerate !== undefined) {
    const { enumerate, tx } = values;
    const cases = (tx === 'all' ? stage.all : [stage.each]).flatMap((scene) => enumerated(scene, enumerate));
    const caseAt = (index: number): Numbered => cases[index] as Numbered;
    scores = await runCampaign({ count: cases.length, workers, progress, caseAt, onProgress: report(cases.length) });
  } else {
    await using crashing = await openStage();
    const caseAt = sequences(stage, crashing);
    if (values.story) {
      for (let index = 0; index < count; index += 1) process.stdout.write(`${caseAt(index).name}\n`);
      return 0;
    }
    scores = await runCampaign({ count, workers, progress, caseAt, onProgress: report(count) });
  }
  for (const line of scores.wrong) process.stdout.write(`${line}\n`);
  process.stdout.write(`\n${tableOf({ [stage.each.tool.name]: scores })}\n`);
  process.stdout.write(`\nDisturbed attempts ended with: ${JSON.stringify(scores.exits)}\n`);
  return scores.right === scores.cases || values.peer !== undefined ? 0 : 1;
}

process.exitCode = await main();
