import { defineCommand, type Run } from '../../command.ts';
import { done, failed } from '../../result.ts';
import { embeddedProject, inspectServer } from './embedded.ts';

export const spec = defineCommand({
  name: 'db status',
  summary: 'Show whether the embedded PostgreSQL is running, and where',
  examples: [{ type: 'godwit db status', does: 'version, process, folder' }],
});

export const run: Run<typeof spec> = async (context) => {
  const project = await embeddedProject(context);
  if (!project.ok) return failed(project.findings);
  const { running, dataDir, major, port, pid, users, kept, log } = await inspectServer(context, project.value);
  const { style } = context.screen;
  if (!running)
    context.screen.answer(
      major === undefined
        ? 'There is no embedded PostgreSQL here yet: `godwit db start` creates it.'
        : `PostgreSQL ${major} is not running.`,
    );
  else {
    context.screen.answer(
      `${style.green('✔')} PostgreSQL ${major ?? ''} is running on 127.0.0.1:${port ?? ''}, process ${pid ?? ''}${kept ? ', until `godwit db stop`' : ''}.`,
      ...(users.length === 0 ? [] : [style.dim(`  used by process ${users.join(', ')}`)]),
    );
  }
  if (major !== undefined) context.screen.answer(style.dim(`  data in ${dataDir}`));
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
