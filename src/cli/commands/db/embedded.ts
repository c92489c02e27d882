import type { EmbeddedStatus } from '../../../adapters/embedded/control.ts';
import type { EmbeddedServer } from '../../../adapters/embedded/server.ts';
import { fault } from '../../../kit/fault.ts';
import { err, type Outcome } from '../../../kit/outcome.ts';
import type { Project } from '../../../project/open.ts';
import { embeddedFolder } from '../../../project/wire.ts';
import type { Context } from '../../command.ts';
import { openProjectOf } from '../../execute.ts';
import { progressOn } from '../../progress.ts';

/** Opens the project; refuses it if its environment does not use the embedded server. */
export async function embeddedProject(context: Context): Promise<Outcome<Project>> {
  const project = await openedWithoutUrl(context);
  if (!project.ok || project.value.environment.database.kind === 'embedded') return project;
  const { name } = project.value.environment;
  return err(
    fault('wrong-usage', {
      why: `The environment \`${name}\` has its own server; \`godwit db\` manages the embedded one.`,
      fix: 'Unset DATABASE_URL, or use -e to name an environment whose database is "embedded".',
    }),
  );
}

/** DATABASE_URL says where migrations go; without -e, the server of this folder is meant all the same. */
async function openedWithoutUrl(context: Context): Promise<Outcome<Project>> {
  const { DATABASE_URL: url, ...env } = context.io.env;
  if (url !== undefined && context.globals.env === undefined) {
    const own = await openProjectOf({ ...context, io: { ...context.io, env } }, { embeddedAsked: true });
    if (own.ok && own.value.environment.database.kind === 'embedded') return own;
  }
  return await openProjectOf(context, { embeddedAsked: true });
}

/** Returns the status of the project's embedded server. */
export async function inspectServer(context: Context, project: Project): Promise<EmbeddedStatus> {
  const { inspectEmbedded } = await import('../../../adapters/embedded/control.ts');
  return inspectEmbedded(embeddedFolder(project), { ...context.io.env });
}

/** Starts the embedded server of the project, or joins it. */
export async function joinServer(context: Context, project: Project, keep: boolean): Promise<Outcome<EmbeddedServer>> {
  const { startEmbedded } = await import('../../../adapters/embedded/server.ts');
  const { database } = project.environment;
  const started = await startEmbedded({
    dataDir: embeddedFolder(project),
    major: database.kind === 'embedded' ? database.major : undefined,
    keep,
    env: { ...context.io.env },
    signal: context.signal,
    onProgress: ({ step, message }) => progressOn(context)(`embedded PostgreSQL: ${step} ${message}`, step),
  });
  context.screen.settle();
  return started;
}
