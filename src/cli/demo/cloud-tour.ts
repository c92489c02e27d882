import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from '../../kit/fault.ts';
import type { Context, Result } from '../command.ts';
import type { Style } from '../screen/style.ts';
import { done, failed, outcomeOf } from '../result.ts';
import { startDemoCloud, type DemoCloud, type DemoExecution } from './emulator-door.ts';
import { ownProgram } from './go-on.ts';
import { addLaterChange, newestRun } from './later-change.ts';
import { jobsOf, lookedAt } from './looked-at.ts';

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
  /** `RUN` stands for the newest run. */
  readonly argv: readonly string[];
  /** The text before the command. */
  readonly says: () => readonly string[] | Promise<readonly string[]>;
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
    const ipAddress = new URL(site.url).hostname;
    cloud.seed.sqlInstance(`${project}:us-central1:dev-db`, { ipAddresses: [{ type: 'PRIVATE', ipAddress }] });
    screen.say(...site.before);
    for (const step of stepsOf(site, cloud, screen.style)) {
      const exitCode = await take(context, site, step, cloud.env());
      if (exitCode !== step.exitCode) return { exitCode, outcome: outcomeOf(exitCode), findings: [] };
    }
    const left = cloud.state.jobs.length;
    if (left > 0) return failed([fault('bug', { why: `${left} jobs are left in the emulated project.` })]);
    const { created, deleted } = jobsOf(cloud.calls);
    screen.say(
      '',
      `Clean-up: ${created} jobs were created in ${project} and ${deleted} deleted: none is left.`,
      `Next, in an empty folder: ${ownProgram(context.io.env, process.argv[1])} init`,
      'Your own project of Google Cloud: docs/cloud-run.md',
    );
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
      dev: { engine: { kind: 'cloud-run', project, instance: 'dev-db', image } },
    },
  };
}

function stepsOf({ apart, folder }: TourSite, cloud: DemoCloud, style: Style): readonly TourStep[] {
  const direct: TourStep = {
    argv: ['status', '-e', 'direct'],
    says: () => ['This laptop has no route to the database:'],
    exitCode: 30,
  };
  return [
    ...(apart ? [direct] : []),
    {
      argv: ['up', '-e', 'dev'],
      says: () => [
        apart ? 'A job next to the database has one:' : 'A job next to the database applies what is pending:',
      ],
      exitCode: 0,
    },
    {
      argv: ['up', '-e', 'dev'],
      says: async () => [
        'Looked at before that job was created:',
        ...lookedAt(cloud.calls, style),
        '',
        ...(await addLaterChange(folder)),
      ],
      exitCode: 0,
    },
    {
      argv: ['runs', 'show', 'RUN', '-e', 'dev'],
      says: () => ['Its record, with the job and the link to its log:'],
      exitCode: 0,
    },
    {
      argv: ['verify', '-e', 'dev', '--fresh'],
      says: () => ['What is there now, as another job sees it:'],
      exitCode: 0,
    },
    { argv: ['runs', 'verify-chain', '-e', 'dev'], says: () => ['Was the record changed by anybody?'], exitCode: 0 },
  ];
}

async function take(
  { screen, io, signal, globals, runProgram }: Context,
  site: TourSite,
  step: TourStep,
  cloud: Readonly<Record<string, string>>,
): Promise<number> {
  const run = step.argv.includes('RUN') ? await newestRun(site.folder) : '';
  const argv = step.argv.map((word) => (word === 'RUN' ? run : word));
  screen.say('', ...(await step.says()), `${screen.style.cyan('$')} ${screen.style.bold(`godwit ${argv.join(' ')}`)}`);
  const options = [...(screen.json ? ['--json'] : []), ...(globals.noColor ? ['--no-color'] : [])];
  const env = { ...io.env, ...cloud, DATABASE_URL: undefined, DIRECT_DATABASE_URL: site.url };
  return await runProgram({ argv: [...argv, ...options], io: { ...io, cwd: site.folder, env }, signal });
}
