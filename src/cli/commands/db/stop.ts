import { stopEmbedded } from '../../../adapters/embedded/control.ts';
import { embeddedFolder } from '../../../project/wire.ts';
import { defineCommand, type Run } from '../../command.ts';
import { done, failed } from '../../result.ts';
import { embeddedProject } from './embedded.ts';

export const spec = defineCommand({
  name: 'db stop',
  summary: 'Stop the embedded PostgreSQL',
  examples: [{ type: 'godwit db stop', does: 'the data remain in .godwit/' }],
});

export const run: Run<typeof spec> = async (context) => {
  const project = await embeddedProject(context);
  if (!project.ok) return failed(project.findings);
  const stopped = await stopEmbedded(embeddedFolder(project.value), { ...context.io.env });
  context.screen.say(
    stopped
      ? `${context.screen.style.green('✔')} The embedded PostgreSQL was stopped.`
      : 'The embedded PostgreSQL was not running.',
  );
  return done({ stopped });
};
