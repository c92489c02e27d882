import { fault } from '../../../kit/fault.ts';
import { defineCommand, type Run } from '../../command.ts';
import { done, failed } from '../../result.ts';
import { embeddedProject, inspectServer } from './embedded.ts';

export const spec = defineCommand({
  name: 'db url',
  summary: 'Print the URL of the embedded PostgreSQL, including its password',
  examples: [{ type: 'DATABASE_URL=$(godwit db url) npm run dev', does: 'pass it to your application' }],
});

/** The only command whose purpose is to print a password: that of a server on this machine. */
export const run: Run<typeof spec> = async (context) => {
  const project = await embeddedProject(context);
  if (!project.ok) return failed(project.findings);
  const found = await inspectServer(context, project.value);
  if (found.url === undefined) return failed([fault('embedded-not-running')]);
  context.redactor.reveal(found.url);
  if (!context.screen.json) context.screen.product(`${found.url}\n`);
  return done({ url: found.url });
};
