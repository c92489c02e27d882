import type { KeptCheckpoint } from '../../../adapters/checkpoint/kept.ts';
import { fault } from '../../../kit/fault.ts';
import { checkpointsFolder } from '../../../operations/checkpoint-method.ts';
import { embeddedFolder } from '../../../project/wire.ts';
import { defineCommand, type Context, type Result, type Run } from '../../command.ts';
import { progressOn } from '../../progress.ts';
import { optionalArgument } from '../../options/argument-kinds.ts';
import { done, failed } from '../../result.ts';
import { sizeText } from '../../screen/checkpoint.ts';
import { aligned } from '../../screen/format.ts';
import { localTime } from '../../screen/local-time.ts';
import { embeddedProject } from './embedded.ts';

export const spec = defineCommand({
  name: 'db restore',
  summary: 'Restore the embedded PostgreSQL from a checkpoint',
  about: [
    'Replaces the data directory with the copy that was taken before a run, and starts the server on it once. The previous data are kept next to it until the next restore.',
  ],
  arguments: {
    id: optionalArgument('ID', 'the run that the checkpoint was taken for (default: list the checkpoints)'),
  },
  examples: [
    { type: 'godwit db restore', does: 'list the checkpoints' },
    { type: 'godwit db restore 01J9', does: 'the first characters of an id are enough' },
  ],
  advanced: true,
});

export const run: Run<typeof spec> = async (context) => {
  const project = await embeddedProject(context);
  if (!project.ok) return failed(project.findings);
  const { environment } = project.value;
  const { listKept } = await import('../../../adapters/checkpoint/kept.ts');
  const kept = await listKept(checkpointsFolder(project.value), environment.name);
  const copies = kept.filter(({ means: method }) => method === 'copy');
  const { id } = context.arguments;
  if (id === undefined) return listed(context, copies);
  const chosen = copies.filter((one) => one.id.startsWith(id.toUpperCase()));
  const [checkpoint] = chosen;
  if (checkpoint === undefined || chosen.length > 1) {
    const why = chosen.length > 1 ? `Several checkpoints begin with ${id}.` : fault('checkpoint-unknown').why;
    return failed([fault('checkpoint-unknown', { why })]);
  }
  return await putBack(context, checkpoint, {
    dataDir: embeddedFolder(project.value),
    env: { ...context.io.env },
    register: (secret) => context.redactor.register(secret),
  });
};

interface RestorePlace {
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  register(secret: string): void;
}

async function putBack(context: Context, checkpoint: KeptCheckpoint, place: RestorePlace): Promise<Result> {
  const { screen } = context;
  const { inspectEmbedded } = await import('../../../adapters/embedded/control.ts');
  const { restoreData } = await import('../../../adapters/checkpoint/data-restore.ts');
  const { startEmbedded } = await import('../../../adapters/embedded/server.ts');
  const { kept, users } = inspectEmbedded(place.dataDir, place.env);
  if (users.length > 0) screen.say(`The server is stopped; process ${users.join(', ')} used it.`);
  const restored = await restoreData(place.dataDir, checkpoint.folder, place.env);
  if (!restored.ok) return failed(restored.findings);
  // The proof: the server starts and reads its log to the end.
  const started = await startEmbedded({
    dataDir: place.dataDir,
    keep: kept,
    env: place.env,
    onProgress: ({ step, message }) => progressOn(context)(`embedded PostgreSQL: ${step} ${message}`, step),
  });
  screen.settle();
  if (!started.ok) return failed(started.findings);
  place.register(started.value.password);
  await started.value.stop();
  const { replaced } = restored.value;
  screen.say(
    `${screen.style.green('✔')} The data are as of ${localTime(checkpoint.takenAt)}, before run ${checkpoint.id}.`,
    ...(replaced === undefined
      ? []
      : [screen.style.dim(`  the previous data are kept in ${replaced} until the next restore`)]),
    ...(kept ? [screen.style.dim('  the server runs again')] : []),
  );
  return done({
    restored: checkpoint.id,
    takenAt: checkpoint.takenAt,
    ...(replaced === undefined ? {} : { replaced }),
  });
}

function listed({ screen }: Context, copies: readonly KeptCheckpoint[]): Result {
  const rows = copies.map(({ id, takenAt, bytes = 0, restore }) => [
    `  ${id}`,
    localTime(takenAt),
    sizeText(bytes),
    screen.style.dim(restore),
  ]);
  screen.answer(...(rows.length === 0 ? ['There are no checkpoints of this environment.'] : aligned(rows)));
  return done({ checkpoints: copies.map(({ folder: _folder, environment: _environment, ...one }) => one) });
}
