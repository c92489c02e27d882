import { expect } from 'vitest';
import type { Finding } from '../../src/kit/finding.ts';
import type { ApplyTask } from '../../src/migrate/contract/task.ts';
import type { Execution } from '../../src/migrate/controller/execute-task.ts';
import type { CloudRunConfig } from '../../src/project/config-model.ts';
import { applyTask, bundleIn } from '../support/apply-task.ts';
import { jobWorld, type JobWorld } from '../support/cloud-run.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = { 'migrations/1_users.sql': 'create table users (id bigint primary key);' };

/** What is wrong with the world of one attempt. */
interface Scene {
  readonly config?: Partial<CloudRunConfig>;
  readonly files?: Readonly<Record<string, string>>;
  readonly spoil?: (world: JobWorld) => void;
  readonly url?: string;
  readonly task?: Partial<ApplyTask>;
}

/** One attempt in a world in which something is wrong. */
export async function attempt(
  scene: Scene,
): Promise<{ execution: Execution; findings: readonly Finding[]; world: JobWorld }> {
  await using database = await createTestDatabase();
  await using world = await jobWorld(scene.url ?? database.url, scene.config);
  using project = createProject(scene.files ?? files);
  scene.spoil?.(world);
  const engine = world.engine();
  const seen: Finding[] = [];
  const watched = {
    ...engine,
    result: async (ref: Parameters<typeof engine.result>[0]) => {
      const result = await engine.result(ref);
      seen.push(...(result.findings ?? []));
      return result;
    },
  };
  const execution = await world.perform(applyTask(scene.task), await bundleIn(project.folder), { engine: watched });
  expect(world.cloud.leaked()).toEqual([]);
  return { execution, findings: [...execution.findings, ...seen], world };
}

/** The finding of one attempt by its code, with how the attempt ended and how many jobs were made. */
export async function told(
  scene: Scene,
  code: string,
): Promise<Finding & { readonly exitCode: number; readonly created: number }> {
  const { execution, findings, world } = await attempt(scene);
  const found = findings.find((finding) => finding.code === code);
  if (found === undefined) throw new Error(`no ${code} among ${JSON.stringify(findings)}`);
  return { ...found, exitCode: execution.exitCode, created: world.called('CreateJob') };
}
