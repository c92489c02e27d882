import { createConnector } from '../../../adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../../../adapters/url/database-url.ts';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { ResultSet, ServerError } from '../../../migrate/contract/ports.ts';
import { defineCommand, type Run } from '../../command.ts';
import { optionalArgument } from '../../options/argument-kinds.ts';
import { done, failed } from '../../result.ts';
import { rowsAsText } from '../../screen/rows.ts';
import { embeddedProject, joinServer } from './embedded.ts';

export const spec = defineCommand({
  name: 'db sql',
  summary: 'Run SQL on the embedded PostgreSQL, without psql',
  arguments: { sql: optionalArgument('SQL', 'statements (default: read standard input)') },
  examples: [
    { type: 'godwit db sql "select * from users"', does: 'print the rows' },
    { type: 'godwit db sql --json "select 1 as one"', does: 'print rows as JSON' },
    { type: 'godwit db sql < query.sql', does: 'read a file' },
  ],
});

export const run: Run<typeof spec> = async (context) => {
  const { io, screen } = context;
  const project = await embeddedProject(context);
  if (!project.ok) return failed(project.findings);
  const text = context.arguments.sql ?? (await io.input());
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
