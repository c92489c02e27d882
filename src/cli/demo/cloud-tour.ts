import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from '../../kit/fault.ts';
import type { Context, Result } from '../command.ts';
import { done, failed, outcomeOf } from '../result.ts';
import { startDemoCloud, type DemoCloud, type DemoExecution } from './emulator-door.ts';

/** Where the demo's database is and how jobs reach it. */
export interface TourSite {
  /** The folder of the demo's project, with the example's migrations; the tour writes a configuration into it. */
  readonly folder: string;
  /** Address of the database with its password. */
  readonly url: string;
  readonly execution: DemoExecution;
  /** Paragraphs before the first command: what is real here and what is emulated. */
  readonly before: readonly string[];
  /** True: this machine has no route to the database; the tour shows this first. */
  readonly apart: boolean;
}

interface TourStep {
  readonly argv: readonly string[];
  /** The text before the command. */
  readonly says: string;
  readonly exitCode: number;
}

const project = 'acme-dev';

/** The tour with jobs: an emulated Cloud Run executes the usual commands next to the database. */
export async function cloudTour(context: Context, site: TourSite): Promise<Result> {
  const { screen } = context;
  const cloud = await startDemoCloud(site.execution);
  if (cloud === undefined) return failed([fault('bug', { why: 'dist/emulator.js is missing from the installation.' })]);
  try {
    await writeFile(join(site.folder, 'godwit.config.json'), `${JSON.stringify(configOf(cloud), null, 2)}\n`);
    cloud.seed.project(project);
    cloud.seed.serviceAccount(`dev-cloud-run-sa@${project}.iam.gserviceaccount.com`);
    cloud.seed.connector(`projects/${project}/locations/us-central1/connectors/dev-cloud-run-connector`);
    cloud.seed.secret(project, 'database-url-dev', site.url);
    screen.say(...site.before.flatMap((paragraph) => wrapped(paragraph, Math.min(100, context.io.columns() || 100))));
    for (const step of stepsOf(site)) {
      const exitCode = await take(context, site, step, cloud.env());
      if (exitCode !== step.exitCode) return { exitCode, outcome: outcomeOf(exitCode), findings: [] };
    }
    const [jobs, executions] = [cloud.state.jobs.length, cloud.state.executions.length];
    if (jobs > 0) return failed([fault('bug', { why: `${jobs} jobs are left in the emulated project.` })]);
    screen.say('', `Left in the project ${project}: no jobs${executions === 0 ? ', no executions' : ''}.`);
    return done();
  } finally {
    await cloud.stop();
  }
}

function configOf(cloud: DemoCloud): unknown {
  const image = { base: cloud.seed.baseImage(), repository: `${cloud.registry}/${project}/godwit` };
  return {
    environments: {
      direct: { database: { env: 'DIRECT_DATABASE_URL' } },
      dev: { engine: { kind: 'cloud-run', project, image }, checkpoint: 'never' },
    },
  };
}

function stepsOf({ apart }: TourSite): readonly TourStep[] {
  const direct: TourStep = {
    argv: ['status', '-e', 'direct'],
    says: 'This laptop has no route to the database:',
    exitCode: 30,
  };
  return [
    ...(apart ? [direct] : []),
    {
      argv: ['up', '-e', 'dev'],
      says: apart ? 'A job next to the database has one:' : 'A job next to the database applies what is pending:',
      exitCode: 0,
    },
    { argv: ['verify', '-e', 'dev', '--fresh'], says: 'What is there now, as another job sees it:', exitCode: 0 },
    {
      argv: ['runs', 'list', '-e', 'dev'],
      says: 'Who did what (known from the log of the last job; no job is needed to ask):',
      exitCode: 0,
    },
  ];
}

async function take(
  { screen, io, signal, globals, runProgram }: Context,
  site: TourSite,
  step: TourStep,
  cloud: Readonly<Record<string, string>>,
): Promise<number> {
  screen.say('', step.says, `${screen.style.cyan('$')} ${screen.style.bold(`godwit ${step.argv.join(' ')}`)}`);
  const options = [...(screen.json ? ['--json'] : []), ...(globals.noColor ? ['--no-color'] : [])];
  const env = { ...io.env, ...cloud, DATABASE_URL: undefined, DIRECT_DATABASE_URL: site.url };
  return await runProgram({ argv: [...step.argv, ...options], io: { ...io, cwd: site.folder, env }, signal });
}

/** Breaks a paragraph into lines of at most this width. */
function wrapped(paragraph: string, width: number): readonly string[] {
  const lines: string[] = [''];
  for (const word of paragraph.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
