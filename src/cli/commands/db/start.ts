import { defineCommand, type Run } from '../../command.ts';
import { done, failed } from '../../result.ts';
import { embeddedProject, joinServer } from './embedded.ts';

export const spec = defineCommand({
  name: 'db start',
  summary: 'Start the embedded PostgreSQL and leave it running',
  examples: [{ type: 'godwit db start', does: 'it runs until `godwit db stop`' }],
});

export const run: Run<typeof spec> = async (context) => {
  const project = await embeddedProject(context);
  if (!project.ok) return failed(project.findings);
  const server = await joinServer(context, project.value, true);
  if (!server.ok) return failed(server.findings);
  const { major, port, guest, dataDir } = server.value;
  const { style } = context.screen;
  context.screen.say(
    `${style.green('✔')} PostgreSQL ${major} ${guest ? 'is already running' : 'is running'} on 127.0.0.1:${port}, until \`godwit db stop\`.`,
    style.dim(`  data in ${dataDir}`),
  );
  return done({ major, port, dataDir, started: !guest });
};
