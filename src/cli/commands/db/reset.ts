import type { DatabaseAddress } from '../../../adapters/postgres/address.ts';
import type { ExistingDatabase } from '../../../adapters/postgres/recreate-database.ts';
import { isOnThisMachine, readDatabaseUrl } from '../../../adapters/url/database-url.ts';
import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { unpinEnvironment } from '../../../project/lock-file.ts';
import type { Project } from '../../../project/open.ts';
import { change } from '../../change.ts';
import { defineCommand, type CommandContext, type Context, type Result, type Run } from '../../command.ts';
import { openProjectOf } from '../../execute.ts';
import { flag } from '../../options/kinds.ts';
import { done, failed } from '../../result.ts';
import { countOf } from '../../screen/format.ts';
import { joinServer } from './embedded.ts';

export const spec = defineCommand({
  name: 'db reset',
  summary: 'Drop the database and create it again, empty (embedded or on this machine)',
  about: [
    'Works on the database of the environment if it is the embedded one or on this machine, and not protected. Everything in it is lost, including the history; sessions of others are ended and listed. The command asks first; where it cannot ask, add --yes. The new database has the owner, encoding and locale of the old one.',
  ],
  options: { up: flag('then apply all migrations') },
  examples: [
    { type: 'godwit db reset --up', does: 'start again after an applied file was changed' },
    { type: 'godwit db reset --yes', does: 'in a script' },
  ],
});

type ResetContext = CommandContext<typeof spec>;

export const run: Run<typeof spec> = async (context) => {
  if (context.screen.json && context.options.up)
    return failed([
      fault('wrong-usage', {
        why: '--up and --json cannot be combined: the output would be two documents.',
        fix: 'Run `godwit db reset --json --yes`, then `godwit up --json`.',
      }),
    ]);
  const opened = await openProjectOf(context, { embeddedAsked: true });
  if (!opened.ok) return failed(opened.findings);
  const project = opened.value;
  const reached = await reach(context, project);
  if (!reached.ok) return failed(reached.findings);
  try {
    return await resetAt(context, project, reached.value.address);
  } finally {
    await reached.value.close();
  }
};

interface Reached {
  readonly address: DatabaseAddress;
  close(): Promise<void>;
}

/** Returns the address of the database; refuses one on another machine, and one in a protected environment. */
async function reach(context: Context, project: Project): Promise<Outcome<Reached>> {
  const { name, database, engine } = project.environment;
  if (project.environment.protected) return refused(`The environment \`${name}\` is protected.`);
  if (engine !== 'local' || database.kind === 'secret')
    return refused(`The database of \`${name}\` is far away; only databases of this machine are created again.`);
  if (database.kind === 'server') {
    const { host } = database.address;
    if (!isOnThisMachine(database.address))
      return refused(`${host} is another machine; only databases of this machine are created again.`);
    if (/^template[01]$/.test(database.address.database))
      return refused(`${database.address.database} is one of the server’s own databases.`);
    return ok({ address: database.address, close: () => Promise.resolve() });
  }
  const server = await joinServer(context, project, false);
  if (!server.ok) return server;
  project.redactor.register(server.value.password);
  const url = readDatabaseUrl(server.value.url, 'the embedded server', { user: 'postgres' });
  if (!url.ok) return url;
  return ok({ address: url.value.address, close: async () => await server.value.stop() });
}

function refused(why: string, fix?: string): Outcome<never> {
  return err(fault('reset-refused', { why, ...(fix === undefined ? {} : { fix }) }));
}

async function resetAt(context: ResetContext, project: Project, address: DatabaseAddress): Promise<Result> {
  const { screen, options } = context;
  const { readExistingDatabase, recreateDatabase } = await import('../../../adapters/postgres/recreate-database.ts');
  const existing = await readExistingDatabase(address);
  if (!existing.ok) return failed(existing.findings);
  const fits = fitsEnvironment(project, existing.value);
  if (!fits.ok) return failed(fits.findings);
  const where = `${address.database} on ${address.host}:${address.port}`;
  const agreed = await consent(context, where, existing.value);
  if (!agreed.ok) return failed(agreed.findings);

  const ended = await recreateDatabase(address);
  if (!ended.ok) return failed(ended.findings);
  const unpinned = await unpinEnvironment(project.root, project.environment.name);
  if (!unpinned.ok) return failed(unpinned.findings);
  const { style } = screen;
  screen.say(
    ...ended.value.map(({ pid, application, user }) =>
      style.dim(`  ended: ${application === '' ? 'a session' : application} of ${user}, server process ${pid}`),
    ),
    `${style.green('✔')} The database ${where} is empty again.`,
  );
  if (options.up) return await change({ ...context, command: 'up' }, 'up', {});
  const name = project.environment.name === 'local' ? '' : ` -e ${project.environment.name}`;
  screen.say(`  \`godwit up${name}\` applies the migrations.`);
  return done({ database: address.database, host: address.host, port: address.port, ended: ended.value });
}

/** Compares the identity that godwit recorded in the database: through a tunnel, any database seems to be local. */
function fitsEnvironment(
  { environment, pinned }: Project,
  { environment: found, environmentId, tables }: ExistingDatabase,
): Outcome<void> {
  const { name, database } = environment;
  if (found === '' && tables > 0 && database.kind === 'server')
    return refused(
      `Godwit has never changed this database, and it has ${countOf(tables, 'table')}: the address may be a tunnel to another one.`,
      'Check the URL. If its tables are to go, drop the database with psql.',
    );
  if (found !== '' && found !== name)
    return refused(
      `The database belongs to the environment \`${found}\`, not to \`${name}\`: the address may be a tunnel.`,
      `Check the URL. If it is a copy on this machine, drop it with psql.`,
    );
  if (pinned !== undefined && found !== '' && pinned.id !== environmentId)
    return refused(
      `godwit.lock.json pins \`${name}\` to another database (id ${pinned.id}, found ${environmentId}).`,
      'Check the URL.',
    );
  return ok(undefined);
}

async function consent(
  { io, screen, globals, signal }: Context,
  where: string,
  { there, tables }: ExistingDatabase,
): Promise<Outcome<void>> {
  if (globals.yes || !there) return ok(undefined);
  const what = `${where}, with ${countOf(tables, 'table')} and the history`;
  if (!io.interactive || screen.json)
    return refused(`The command would drop ${what}, and it cannot ask for confirmation here.`, 'Add `--yes`.');
  const answer = await io.ask(`Drop ${what}, and create it again? [y/N] `);
  if (signal.aborted)
    return err(fault('interrupted', { why: 'Cancelled at the confirmation prompt; nothing was changed.' }));
  return /^y(es)?$/i.test(answer?.trim() ?? '')
    ? ok(undefined)
    : refused('You did not answer yes.', 'Answer `y`, or add `--yes`.');
}
