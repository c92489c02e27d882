import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { median, row, target } from '../support/rounds.mjs';
import { root } from '../support/workshop.mjs';

export const title = '`up -e dev` of examples/vividly by Cloud Run jobs of the emulator, from a fresh clone each time';

/** The emulator runs in this process: its own work counts as godwit's whenever the controller waits for it. */
export async function run(workshop) {
  const { startEmulator } = await import(join(root, 'dist', 'emulator.js'));
  const cloud = await startEmulator({ execution: { kind: 'process' } });
  const names = ['whole `up`', 'its own part', '`status` afterwards', '`up` again, nothing to do'];
  const times = Object.fromEntries(names.map((name) => [name, []]));
  try {
    const base = cloud.seed.baseImage();
    for (let round = 0; round < (workshop.quick ? 2 : 8); round += 1) {
      const project = `acme-${round}`;
      seed(cloud, project, await workshop.database());
      const cwd = workshop.path(`cloud-run-${round}`);
      cpSync(join(root, 'examples', 'vividly'), cwd, { recursive: true });
      configure(cwd, project, { base, repository: `${cloud.registry}/acme/godwit` });
      const env = { ...cloud.env(), DATABASE_URL: undefined };
      const tool = async (...argv) =>
        await workshop.run([...argv, '-e', 'dev'], { cwd, env, home: workshop.path('cloud-run-home') });
      const clock = watchExecutions(cloud);
      const whole = await tool('up');
      const waited = clock.stop();
      const status = await tool('status');
      const again = await tool('up');
      // The first round pushes base image and runner.
      if (round === 0) continue;
      for (const [index, sample] of [whole, { ms: whole.ms - waited }, status, again].entries())
        times[names[index]].push(sample);
    }
  } finally {
    await cloud.stop();
  }
  return {
    rows: Object.entries(times).map(([name, list]) => row(name, list)),
    targets: [
      target('whole `up`', middle(times['whole `up`']), 2_500, { unit: 'ms' }),
      target('its own part', middle(times['its own part']), 800, { unit: 'ms' }),
    ],
  };
}

const middle = (samples) => median(samples.map(({ ms }) => ms));

function seed(cloud, project, url) {
  cloud.seed.project(project);
  cloud.seed.secret(project, 'database-url-dev', url);
  cloud.seed.serviceAccount(`dev-cloud-run-sa@${project}.iam.gserviceaccount.com`);
  cloud.seed.connector(`projects/${project}/locations/us-central1/connectors/dev-cloud-run-connector`);
}

function configure(cwd, project, image) {
  const file = join(cwd, 'godwit.config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  config.environments.dev = { engine: { kind: 'cloud-run', project, image }, checkpoint: 'never' };
  writeFileSync(file, JSON.stringify(config));
}

/** Measures the time from an execution's creation to its end, which the controller cannot shorten. */
function watchExecutions(cloud) {
  const lasted = new Map();
  const timer = setInterval(() => {
    for (const { name, createTime, completionTime } of cloud.state.executions)
      if (completionTime !== undefined) lasted.set(name, Date.parse(completionTime) - Date.parse(createTime));
  }, 2);
  return {
    stop() {
      clearInterval(timer);
      return [...lasted.values()].reduce((sum, ms) => sum + ms, 0);
    },
  };
}
