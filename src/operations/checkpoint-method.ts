import { join } from 'node:path';
import type { CloudRunOptions } from '../adapters/engines/cloud-run/options.ts';
import { fault } from '../kit/fault.ts';
import { err } from '../kit/outcome.ts';
import { wantsCheckpoint, type Checkpointer, type ForeseenCheckpoint } from '../migrate/contract/checkpoint.ts';
import type { Plan } from '../migrate/contract/model.ts';
import type { Project } from '../project/open.ts';
import { embeddedFolder } from '../project/wire.ts';

/** The folder of checkpoints that are files on this machine. */
export function checkpointsFolder(project: Project): string {
  return join(project.lastingDir, 'checkpoints');
}

/** Chooses the checkpointer of the environment by the kind of its database. */
export async function checkpointerOf(project: Project): Promise<Checkpointer> {
  const { name, database, engine } = project.environment;
  const folder = checkpointsFolder(project);
  if (typeof engine === 'object') return await cloudCheckpointer(project, engine);
  if (database.kind === 'embedded') {
    const { createDataCopier } = await import('../adapters/checkpoint/data-copy.ts');
    return createDataCopier({
      dataDir: embeddedFolder(project),
      folder,
      environment: name,
      restoreCommand: (id) => ['godwit', 'db', 'restore', ...(name === 'local' ? [] : ['-e', name]), id].join(' '),
      env: { ...project.env },
    });
  }
  if (database.kind === 'secret') throw new Error('a secret belongs to a cloud engine: the configuration is checked');
  const { createDumper } = await import('../adapters/checkpoint/dump.ts');
  return createDumper({
    address: database.address,
    folder,
    environment: name,
    env: project.env,
    redact: (text) => project.redactor.redact(text),
  });
}

async function cloudCheckpointer(project: Project, engine: CloudRunOptions): Promise<Checkpointer> {
  if (engine.instance !== undefined) {
    const { createGoogle } = await import('../adapters/google/google.ts');
    const { createCloudSqlCheckpointer } = await import('../adapters/checkpoint/cloud-sql.ts');
    const google = createGoogle({
      endpoints: engine.endpoints,
      env: project.env,
      redactor: project.redactor,
      quotaProject: engine.project,
      ...(engine.impersonate === undefined ? {} : { impersonate: engine.impersonate }),
    });
    return createCloudSqlCheckpointer({ google, instance: engine.instance });
  }
  const why =
    'This machine cannot reach the database, so only the platform could take a checkpoint, and the configuration does not name a Cloud SQL instance.';
  const fix =
    'Name the Cloud SQL instance in the configuration (`"engine": { …, "instance": "NAME" }`). Or take a backup yourself and run again with `--waive-checkpoint "REASON"`, which is recorded, or set the policy to `"checkpoint": "never"`.';
  return {
    foresee: () => Promise.resolve({ means: 'none', text: `godwit cannot take one: \`instance\` is not configured` }),
    take: () => Promise.resolve(err(fault('needs-checkpoint', { why, fix }))),
  };
}

/** Says whether a run of a plan would take a checkpoint first, and by which means. */
export type PlannedCheckpoint = { readonly needed: false } | ({ readonly needed: true } & ForeseenCheckpoint);

/** Describes the checkpoint that a run of the plan would take, without taking it. */
export async function plannedCheckpoint(project: Project, plan: Plan): Promise<PlannedCheckpoint> {
  if (!wantsCheckpoint(plan, project.environment.checkpoint)) return { needed: false };
  return { needed: true, ...(await (await checkpointerOf(project)).foresee()) };
}
