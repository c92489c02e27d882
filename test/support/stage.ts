import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmulatorOptions } from '../../emulator/start.ts';
import type { CloudRunConfig } from '../../src/project/config-model.ts';
import { pushImage, realNodeImage, type MadeImage } from './base-image.ts';
import { startDockerRegistry } from './docker-registry.ts';
import { startEmulatorAway, type EmulatorAway } from './emulator-away.ts';
import { buildSite, type Site, type SiteOptions } from './private-network.ts';
import { createProject, type TestProject } from './project.ts';
import { shippedGodwit, type Running } from './running.ts';

/**
 * Everything that a run from a laptop into a private network needs, all real except Google: three namespaces, with
 * PostgreSQL in one, jobs in another, and the controller, the emulator and the registry in the third.
 */
export interface Stage extends AsyncDisposable {
  readonly site: Site;
  readonly emulator: EmulatorAway;
  readonly project: TestProject;
  /** Host of the registry. */
  readonly registry: string;
  /** Types a command on the laptop, in the project. */
  type(...argv: readonly string[]): Running;
  /** Jobs that were not removed. */
  leaked(): Promise<readonly string[]>;
}

export interface StageOptions extends SiteOptions {
  /** Files of the project in addition to its configuration. */
  readonly files: Readonly<Record<string, string>>;
  /** `processes` in the network of jobs, with images in the emulator's registry; or real `containers` from a real registry. */
  readonly jobs: 'processes' | 'containers';
  /** How long a job tries to connect. */
  readonly connectBudget?: string;
  readonly engine?: Partial<CloudRunConfig>;
  /** Further images, by their names in the registry of `containers`. */
  readonly images?: Readonly<Record<string, MadeImage>>;
}

const project = 'acme-dev';
const baseImage = 'library/node:22-slim';

export async function buildStage(options: StageOptions): Promise<Stage> {
  const ends: (() => unknown)[] = [];
  const end = async (): Promise<void> => {
    for (const one of ends.splice(0).toReversed()) await one();
  };
  try {
    return await build(options, ends, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function build(options: StageOptions, ends: (() => unknown)[], end: () => Promise<void>): Promise<Stage> {
  const kept = <T extends AsyncDisposable>(made: T): T => {
    ends.push(() => made[Symbol.asyncDispose]());
    return made;
  };
  const site = kept(await buildSite(options));
  const { laptop, vpc } = site.network;
  const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-stage-`));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const env = options.connectBudget === undefined ? {} : { env: { GODWIT_CONNECT_BUDGET: options.connectBudget } };
  let registry = '';
  let execution: EmulatorOptions['execution'] = { kind: 'namespace', path: vpc.path, ...env };
  if (options.jobs === 'containers') {
    const data = join(folder, 'registry');
    await fill(data, options.images ?? {});
    registry = kept(await startDockerRegistry({ data, inside: laptop })).host;
    execution = { kind: 'podman', network: vpc.path, storage: join(folder, 'podman'), ...env };
  }
  const emulator = kept(
    await startEmulatorAway(laptop, { execution, ...(registry === '' ? {} : { registry: false }) }),
  );
  const base = registry === '' ? ((await emulator.seed('baseImage')) as string) : `${registry}/${baseImage}`;
  const image = { base, repository: `${registry || emulator.registry}/${project}/godwit` };
  await emulator.seed('project', project);
  await emulator.seed('serviceAccount', `dev-cloud-run-sa@${project}.iam.gserviceaccount.com`);
  await emulator.seed('connector', `projects/${project}/locations/us-central1/connectors/dev-cloud-run-connector`);
  await emulator.seed('secret', project, 'database-url-dev', site.server.url);
  const made = createProject(options.files);
  ends.push(() => made[Symbol.dispose]());
  const engine = { kind: 'cloud-run', project, image, ...options.engine };
  const environments = { dev: { engine, checkpoint: 'never' }, direct: { database: { env: 'DIRECT_URL' } } };
  writeFileSync(join(made.folder, 'godwit.config.json'), JSON.stringify({ environments }));
  return {
    site,
    emulator,
    project: made,
    registry: registry || emulator.registry,
    type: (...argv) => {
      const variables = { ...emulator.env, DIRECT_URL: site.server.url };
      return site.start(laptop, [process.execPath, shippedGodwit, ...argv], { cwd: made.folder, env: variables });
    },
    leaked: async () => (await emulator.state('jobs')).map(({ name }) => name as string),
    [Symbol.asyncDispose]: end,
  };
}

/**
 * The base image is pushed while the registry can be reached, before the registry moves into the namespace with its
 * data.
 */
async function fill(data: string, images: Readonly<Record<string, MadeImage>>): Promise<void> {
  await using registry = await startDockerRegistry({ data });
  const all = { [baseImage]: realNodeImage(), ...images };
  for (const [name, image] of Object.entries(all)) await pushImage(`${registry.host}/${name}`, image);
}
