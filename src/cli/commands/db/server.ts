import { inspectEmbedded, stopEmbedded, type EmbeddedStatus } from '../../../adapters/embedded/control.ts';
import { startEmbedded } from '../../../adapters/embedded/server.ts';
import { fault } from '../../../kit/fault.ts';
import { bad, good, type Outcome } from '../../../kit/outcome.ts';
import { embeddedFolder, orNotYours, progressLine, type DbContext } from './context.ts';

/** `db start`: the project's server, up until `db stop`. A server that is running already is kept from now on. */
export function dbStart(
  context: DbContext,
  options: { readonly major?: number } = {},
): Promise<Outcome<EmbeddedStatus>> {
  return orNotYours(async () => {
    const dataDir = embeddedFolder(context.projectDir);
    const onProgress = (progress: Parameters<typeof progressLine>[0]): void => context.note(progressLine(progress));
    const started = await startEmbedded({
      dataDir,
      ...options,
      keep: true,
      onProgress,
      env: context.env,
      signal: context.signal,
    });
    if (!started.ok) return started;
    const { major, port, guest } = started.value;
    context.note(
      `PostgreSQL ${major} ${guest ? 'was running and stays up' : 'is running'} on 127.0.0.1:${port}. \`godwit db url\` prints its address, \`godwit db stop\` ends it.`,
    );
    return good(inspectEmbedded(dataDir, context.env));
  });
}

/** `db stop`: ends the project's server, also when other processes use it. Nothing to stop is no failure. */
export function dbStop(context: DbContext): Promise<Outcome<{ readonly stopped: boolean }>> {
  return orNotYours(async () => {
    const stopped = await stopEmbedded(embeddedFolder(context.projectDir), context.env);
    context.note(stopped ? 'PostgreSQL has stopped; the data stays.' : 'PostgreSQL was not running.');
    return good({ stopped });
  });
}

/** `db status`: whether the project's server runs, where, and who uses it. */
export function dbStatus(context: DbContext): Promise<Outcome<EmbeddedStatus>> {
  return orNotYours(async () => {
    const status = inspectEmbedded(embeddedFolder(context.projectDir), context.env);
    for (const line of statusLines(status)) context.write(line);
    return good(status);
  });
}

function statusLines(status: EmbeddedStatus): readonly string[] {
  if (status.major === undefined) return ['no server yet; `godwit db start` makes one', `folder   ${status.dataDir}`];
  const head = `PostgreSQL ${status.major}, ${status.running ? `running on 127.0.0.1:${status.port}, pid ${status.pid}` : 'stopped'}`;
  const users = [...(status.kept ? ['until `godwit db stop`'] : []), ...status.users.map((pid) => `process ${pid}`)];
  return [
    head,
    `folder   ${status.dataDir}`,
    `log      ${status.log}`,
    ...(status.running ? [`kept by  ${users.join(', ') || 'nobody'}`] : []),
  ];
}

/** `db url`: the address of the running server with its password, alone on its line. */
export function dbUrl(context: DbContext): Promise<Outcome<{ readonly url: string }>> {
  return orNotYours(async () => {
    const { url } = inspectEmbedded(embeddedFolder(context.projectDir), context.env);
    if (url === undefined) return bad(fault('embedded-not-running'));
    context.write(url);
    return good({ url });
  });
}
