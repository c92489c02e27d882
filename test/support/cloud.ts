import { expect } from 'vitest';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../emulator/start.ts';
import type { CloudRunConfig, EnvironmentConfig } from '../../src/project/config-model.ts';

/** An emulated Google Cloud that contains what environments need. */
export interface Cloud extends AsyncDisposable {
  readonly emulator: Emulator;
  /** The variables by which a controller finds it. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Makes the project of an environment with secret, account and connector, under godwit's default names.
   *
   * @returns the environment's part of the configuration
   */
  environment(name: string, url: string, more?: Partial<CloudRunConfig>): EnvironmentConfig;
  /** Jobs that were not removed: none, whatever happened. */
  leaked(): readonly string[];
}

const region = 'us-central1';

/** Each file of tests meets disturbances of its own, and always the same ones. */
function seedOf(path: string): number {
  return Array.from(path.split('/').slice(-2).join('/')).reduce(
    (seed, letter) => (seed * 31 + letter.charCodeAt(0)) >>> 0,
    7,
  );
}

/** Starts an emulator whose tasks are processes of this machine, unless `options` say otherwise. */
export async function buildCloud(options: EmulatorOptions = {}): Promise<Cloud> {
  const disturbance = { seed: seedOf(expect.getState().testPath ?? ''), strength: 'mild' } as const;
  const emulator = await startEmulator({ execution: { kind: 'process' }, disturbance, ...options });
  const base = emulator.seed.baseImage();
  // A little late, as on a platform that is not consistent at once.
  emulator.faults.onVisibility({ upToMs: 60, seed: 'cloud' });
  return {
    emulator,
    env: emulator.env(),
    environment(name, url, more = {}) {
      const project = more.project ?? `acme-${name}`;
      emulator.seed.project(project);
      emulator.seed.secret(project, `database-url-${name}`, url);
      emulator.seed.serviceAccount(`${name}-cloud-run-sa@${project}.iam.gserviceaccount.com`);
      emulator.seed.connector(`projects/${project}/locations/${region}/connectors/${name}-cloud-run-connector`);
      const image = { base, repository: `${emulator.registry}/${project}/godwit` };
      return { engine: { kind: 'cloud-run', project, image, ...more }, checkpoint: 'never' };
    },
    leaked: () => emulator.state.jobs.map(({ name }) => name as string),
    [Symbol.asyncDispose]: () => emulator.stop(),
  };
}
