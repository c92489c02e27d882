import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { reportOf, storyOf } from './report.ts';
import { save } from './save.ts';
import { openStage } from './stage.ts';

const usage = `npm run histories -- [options]

Random histories of migrations in several runs, in part with another session's DDL beside them. What psql accepts must
be applied and verified without a complaint, what others changed must be told, each damage must be named.

  --seed N       the first seed (default 1); one seed is one history
  --count N      how many (default 100; with --seed alone: 1), on the majors in turn
  --majors LIST  PostgreSQL majors (default 15,18)
  --damages N    damages for each history (default 2)
  --workers N    histories under way at once (default ${Math.max(4, availableParallelism() * 2)})
  --shrink       makes the first failing histories smaller while they still fail in the same way
  --save DIR     writes failing histories there, as a project each
  --story        only prints the files of the seeds
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string' },
    majors: { type: 'string', default: '15,18' },
    damages: { type: 'string', default: '2' },
    workers: { type: 'string', default: String(Math.max(4, availableParallelism() * 2)) },
    shrink: { type: 'boolean', default: false },
    save: { type: 'string' },
    story: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const majors = values.majors.split(',').map(Number);
  const stages = await Promise.all(majors.map(openStage));
  try {
    const results = await runCampaign(stages, {
      seed: Number(values.seed ?? 1),
      count: Number(values.count ?? (values.seed === undefined ? 100 : 1)),
      workers: Number(values.workers),
      damages: Number(values.damages),
      shrink: values.shrink,
      story: values.story,
      onProgress: (text) => process.stderr.write(`${text}\n`),
    });
    if (values.story) {
      for (const { history } of results) process.stdout.write(`${storyOf(history)}\n`);
      return 0;
    }
    if (values.save !== undefined) save(values.save, results);
    const report = reportOf(results);
    process.stdout.write(`${report.text}\n`);
    return report.failed ? 1 : 0;
  } finally {
    for (const stage of stages) await stage[Symbol.asyncDispose]();
  }
}

process.exitCode = await main();
