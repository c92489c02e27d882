import { defaultMajor } from '../../../adapters/embedded/versions.ts';
import { resolveActor } from '../../../adapters/actor.ts';
import { ok, type Outcome } from '../../../kit/outcome.ts';
import { readBundle } from '../../../project/wire.ts';
import { finishUpgrade, upgradeEmbedded, type Upgraded } from '../../../operations/upgrade-embedded.ts';
import { version } from '../../../project/version.ts';
import type { Project } from '../../../project/open.ts';
import { defineCommand, type Context, type Result, type Run } from '../../command.ts';
import { progressOn } from '../../progress.ts';
import { flag, major } from '../../options/kinds.ts';
import { done, failed } from '../../result.ts';
import { countOf } from '../../screen/format.ts';
import { embeddedProject, joinServer } from './embedded.ts';

export const spec = defineCommand({
  name: 'db upgrade',
  summary: 'Move the embedded PostgreSQL to another major version',
  about: [
    'The applied migrations run again on a server of that major version; the rows of all tables and the history are copied and compared by number and hash; then everything is verified. The old data are in use until then and are kept afterwards. Objects that no migration made, or that were changed by hand, are listed and stop the upgrade.',
  ],
  options: {
    to: major('MAJOR', 'the major version (default: that of the configuration, or 18)'),
    loseRest: flag('leave behind what no migration made; it remains in the old data'),
  },
  examples: [
    { type: 'godwit db upgrade', does: 'after you set `"major": 18` in the configuration' },
    { type: 'godwit db upgrade --to 17', does: 'to a version of your choice' },
  ],
  advanced: true,
});

export const run: Run<typeof spec> = async (context) => {
  const opened = await embeddedProject(context);
  if (!opened.ok) return failed(opened.findings);
  const project = opened.value;
  const { screen, io, options, signal } = context;
  const { database } = project.environment;
  const asked = database.kind === 'embedded' ? database.major : undefined;
  const to = options.to ?? asked ?? defaultMajor;
  const { inspectEmbedded } = await import('../../../adapters/embedded/control.ts');
  await finishUpgrade(project);
  const { embeddedFolder } = await import('../../../project/wire.ts');
  const { major, kept } = inspectEmbedded(embeddedFolder(project), { ...io.env });
  if (major === undefined || major === to) {
    screen.say(
      major === undefined
        ? 'There is no embedded PostgreSQL here yet: `godwit db start` creates it.'
        : `${screen.style.green('✔')} Nothing to do: the data already belong to PostgreSQL ${to}.`,
    );
    return { exitCode: 0, outcome: 'nothing-to-do', findings: [], data: { major } };
  }
  const bundle = await readBundle(project);
  if (!bundle.ok) return failed(bundle.findings);
  const upgraded = await upgradeEmbedded(project, {
    to,
    loseRest: options.loseRest,
    bundle: bundle.value,
    actor: await resolveActor(project.root, io.env, version()),
    signal,
    onProgress: ({ step, message }) => progressOn(context)(`embedded PostgreSQL: ${step} ${message}`, step),
    onStep: (text) => screen.live(text),
  });
  screen.settle();
  // If `db start` had left the server running, it runs again, also after a failed upgrade.
  if (!upgraded.ok) {
    if (kept) await started(context, withoutMajor(project), true);
    return failed(upgraded.findings);
  }
  const proof = await started(context, withMajor(project, to), kept);
  if (!proof.ok) return failed(proof.findings);
  return report(context, { ...upgraded.value, to, asked, kept: upgraded.value.kept, running: kept });
};

/** The last proof: the server starts and reads its log to the end. */
async function started(context: Context, project: Project, keep: boolean): Promise<Outcome<void>> {
  const server = await joinServer(context, project, keep);
  if (!server.ok) return server;
  context.redactor.register(server.value.password);
  await server.value.stop();
  return ok(undefined);
}

function withMajor(project: Project, major: number): Project {
  return { ...project, environment: { ...project.environment, database: { kind: 'embedded', major } } };
}

function withoutMajor(project: Project): Project {
  return { ...project, environment: { ...project.environment, database: { kind: 'embedded' } } };
}

interface Report extends Upgraded {
  readonly to: number;
  readonly asked: number | undefined;
  readonly running: boolean;
}

function report(
  { screen }: Context,
  { to, asked, from, kept, migrations, tables, rows, findings, running }: Report,
): Result {
  const { style } = screen;
  const folder = kept.data.slice(0, kept.data.lastIndexOf('/'));
  screen.say(
    `${style.green('✔')} PostgreSQL ${to} has the data of PostgreSQL ${from}: ${countOf(migrations, 'migration')} run again, ${countOf(rows, 'row')} of ${countOf(tables, 'table')} and the history copied, all verified.`,
    style.dim(
      `  the old data are kept in ${kept.data}; when you no longer need them: rm -r ${kept.data} ${kept.state}`,
    ),
    style.dim(
      `  to go back: \`godwit db stop; cd ${folder}; rm -r data; mv data-${from} data; mv server-${from}.json server.json\``,
    ),
    ...(asked === undefined || asked === to
      ? []
      : [style.dim(`  write "major": ${to} into the configuration, so that everyone uses that major version`)]),
    ...(running ? [style.dim('  the server runs again')] : []),
  );
  return done({ from, to, kept, migrations, tables, rows }, findings);
}
