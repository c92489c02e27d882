import type { EmbeddedStatus } from '../../adapters/embedded/control.ts';
import type { EmbeddedServer } from '../../adapters/embedded/server.ts';
import { createConnector } from '../../adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../../adapters/url/database-url.ts';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { ResultSet, ServerError } from '../../migrate/contract/ports.ts';
import type { Project } from '../../project/open.ts';
import { embeddedFolder } from '../../project/wire.ts';
import type { Context, Run } from '../command.ts';
import { openProjectOf, progressOn } from '../execute.ts';
import { done, failed } from '../result.ts';
import { rowsAsText } from '../screen/rows.ts';

/** `godwit db start` */
export const start: Run = async (context) => {
  const project = await embeddedProject(context);
  if (!project.ok) return failed(project.findings);
  const server = await joinServer(context, project.value, true);
  if (!server.ok) return failed(server.findings);
  const { major, port, guest, dataDir } = server.value;
  const { style } = context.screen;
  context.screen.say(
    `${style.green('✔')} PostgreSQL ${major} ${guest ? 'runs already' : 'runs'} on 127.0.0.1:${port}, until \`godwit db stop\`.`,
    style.dim(`  data in ${dataDir}`),
  );
  return done({ major, port, dataDir, started: !guest });
};

/** `godwit db stop` */
export const stop: Run = async (context) => {
  const project = await embeddedProject(context);
  if (!project.ok) return failed(project.findings);
  const { stopEmbedded } = await import('../../adapters/embedded/control.ts');
  const stopped = await stopEmbedded(embeddedFolder(project.value), { ...context.io.env });
  context.screen.say(
    stopped
      ? `${context.screen.style.green('✔')} The embedded PostgreSQL was stopped.`
      : 'The embedded PostgreSQL was not running.',
  );
  return done({ stopped });
};

/** `godwit db status` */
export const status: Run = async (context) => {
  const project = await embeddedProject(context);
  if (!project.ok) return failed(project.findings);
  const { running, dataDir, major, port, pid, users, kept, log } = await look(context, project.value);
  const { style } = context.screen;
  if (!running)
    context.screen.say(
      major === undefined
        ? 'There is no embedded PostgreSQL here yet: `godwit db start` makes it.'
        : `PostgreSQL ${major} does not run.`,
    );
  else {
    context.screen.say(
      `${style.green('✔')} PostgreSQL ${major ?? ''} runs on 127.0.0.1:${port ?? ''}, process ${pid ?? ''}${kept ? ', until `godwit db stop`' : ''}.`,
      ...(users.length === 0 ? [] : [style.dim(`  used by process ${users.join(', ')}`)]),
    );
  }
  if (major !== undefined) context.screen.say(style.dim(`  data in ${dataDir}`));
  return done({
    running,
    dataDir,
    log,
    kept,
    users,
    ...(major === undefined ? {} : { major }),
    ...(running ? { port, pid } : {}),
  });
};

/** `godwit db url`: the one command whose purpose is to print a password, that of a server on this machine. */
export const url: Run = async (context) => {
  const project = await embeddedProject(context);
  if (!project.ok) return failed(project.findings);
  const found = await look(context, project.value);
  if (found.url === undefined) return failed([fault('embedded-not-running')]);
  if (!context.screen.json) context.screen.product(`${found.url}\n`);
  return done({ url: found.url });
};

/** `godwit db sql [SQL]` */
export const sql: Run = async (context) => {
  const { io, screen, typed } = context;
  const project = await embeddedProject(context);
  if (!project.ok) return failed(project.findings);
  const text = typed.arguments[0] ?? (await io.input());
  const server = await joinServer(context, project.value, false);
  if (!server.ok) return failed(server.findings);
  try {
    const results = await query(server.value.url, text, context.signal);
    if (!results.ok) return failed(results.findings);
    if (!screen.json)
      screen.product(
        results.value
          .map(rowsAsText)
          .filter((part) => part !== '')
          .join('\n'),
      );
    return done({ results: results.value.map(({ columns, rows, tag }) => ({ columns, rows, tag })) });
  } finally {
    await server.value.stop();
  }
};

async function query(address: string, text: string, signal: AbortSignal): Promise<Outcome<readonly ResultSet[]>> {
  const parsed = readDatabaseUrl(address, 'the embedded server', { user: 'postgres' });
  if (!parsed.ok) return parsed;
  const session = await createConnector(parsed.value.address).open({
    pipelined: false,
    applicationName: 'godwit db sql',
    settings: {},
    signal,
  });
  const stopped = fault('interrupted', { why: 'The query was cancelled.', fix: 'Run it again.' });
  if (!session.ok) return signal.aborted ? err(stopped) : session;
  const cancel = (): void => void session.value.cancel();
  signal.addEventListener('abort', cancel);
  try {
    const reply = await session.value.send(text, { rows: 'all' });
    if (reply.ok) return ok(reply.results);
    return err(signal.aborted ? stopped : queryFault(reply.error));
  } finally {
    signal.removeEventListener('abort', cancel);
    await session.value.close();
  }
}

function queryFault({ message, sqlstate, detail, hint }: ServerError): Finding {
  const why = [message, detail, hint].filter((part) => part !== undefined && part !== '').join('\n');
  return fault('embedded-query-failed', { why: `${why} (SQLSTATE ${sqlstate})` });
}

/** The project, if its environment has the embedded server. */
export async function embeddedProject(context: Context): Promise<Outcome<Project>> {
  const project = await openProjectOf(context);
  if (!project.ok || project.value.environment.database.kind === 'embedded') return project;
  const { name } = project.value.environment;
  return err(
    fault('wrong-usage', {
      why: `The environment \`${name}\` has a server of its own; \`godwit db\` is about the embedded one.`,
      fix: 'Unset DATABASE_URL, or name an environment whose database is "embedded" with -e.',
    }),
  );
}

async function look(context: Context, project: Project): Promise<EmbeddedStatus> {
  const { inspectEmbedded } = await import('../../adapters/embedded/control.ts');
  return inspectEmbedded(embeddedFolder(project), { ...context.io.env });
}

/** Starts the embedded server of the project, or joins it. */
export async function joinServer(context: Context, project: Project, keep: boolean): Promise<Outcome<EmbeddedServer>> {
  const { startEmbedded } = await import('../../adapters/embedded/server.ts');
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
