import type { Client, FieldDef, QueryArrayResult } from 'pg';

import { startEmbedded } from '../../../adapters/embedded/server.ts';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { bad, good, type Outcome } from '../../../kit/outcome.ts';
import { embeddedFolder, orNotYours, progressLine, type DbContext } from './context.ts';
import { tableLines, type Answer } from './table.ts';

/** What to run, and where. */
export interface DbSqlOptions {
  /** The query; several statements are one transaction, as the server sees them. Absent: read from `input`. */
  readonly sql?: string;
  /** Where the query comes from when it is not given, such as standard input. */
  readonly input?: AsyncIterable<Uint8Array | string>;
  /** Another database than the project's embedded server. */
  readonly url?: string;
}

/**
 * `db sql`: runs a query and writes each answer as a plain table, for people without psql. The embedded server is
 * started for the query when it is not running.
 *
 * @returns the answers (for `--json`), or `embedded-query-failed` with line and column in the query.
 */
export function dbSql(context: DbContext, options: DbSqlOptions): Promise<Outcome<readonly Answer[]>> {
  return orNotYours(async () => {
    const sql = options.sql ?? (await readAll(options.input));
    if (sql.trim() === '')
      return bad(
        fault('embedded-query-failed', {
          why: 'There is no query.',
          fix: 'Type `godwit db sql "SELECT 1"`, or pass it on standard input.',
        }),
      );
    if (options.url !== undefined) return await ask(options.url, sql, context);
    const onProgress = (progress: Parameters<typeof progressLine>[0]): void => context.note(progressLine(progress));
    const server = await startEmbedded({
      dataDir: embeddedFolder(context.projectDir),
      env: context.env,
      signal: context.signal,
      onProgress,
    });
    if (!server.ok) return server;
    try {
      return await ask(server.value.url, sql, context);
    } finally {
      await server.value.stop();
    }
  });
}

async function readAll(input: AsyncIterable<Uint8Array | string> = (async function* empty() {})()): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of input) text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

async function ask(url: string, sql: string, context: DbContext): Promise<Outcome<readonly Answer[]>> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: url, application_name: 'godwit db sql' });
  client.on('error', () => undefined);
  client.on('notice', (notice) => context.note(`${notice.severity ?? 'NOTICE'}: ${notice.message ?? ''}`));
  try {
    await client.connect();
  } catch (error) {
    return bad(fault('database-unreachable', { why: (error as Error).message }));
  }
  const cancel = (): void => void cancelQuery(url, client);
  context.signal?.addEventListener('abort', cancel, { once: true });
  try {
    const asText = { getTypeParser: () => (value: string) => value };
    const result = (await client.query({ text: sql, rowMode: 'array', types: asText })) as unknown;
    const answers = (Array.isArray(result) ? result : [result]).map((one) =>
      answerOf(one as QueryArrayResult<(string | null)[]>),
    );
    for (const answer of answers) for (const line of tableLines(answer)) context.write(line);
    return good(answers);
  } catch (error) {
    return bad(queryFault(error as Error, sql));
  } finally {
    context.signal?.removeEventListener('abort', cancel);
    await client.end();
  }
}

/** A cancel travels on a connection of its own. */
async function cancelQuery(url: string, busy: Client): Promise<void> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    await client.query('SELECT pg_cancel_backend($1)', [(busy as unknown as { processID: number }).processID]);
  } catch {
    // The query ends with this process in any case.
  } finally {
    await client.end();
  }
}

/** int8, int2, int4, oid, float4, float8, money, numeric. */
const numericTypes: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 790, 1700]);

function answerOf(result: QueryArrayResult<(string | null)[]>): Answer {
  const columns = result.fields.map((field: FieldDef) => ({
    name: field.name,
    numeric: numericTypes.has(field.dataTypeID),
  }));
  return { command: result.command ?? '', rowCount: result.rowCount, columns, rows: result.rows };
}

function queryFault(error: Error, sql: string): Finding {
  const { code, detail, hint, position } = error as Error & {
    code?: string;
    detail?: string;
    hint?: string;
    position?: string;
  };
  const why = `${error.message}${code === undefined ? '' : ` (SQLSTATE ${code})`}${detail === undefined ? '' : `. ${detail}`}`;
  const fix = hint === undefined ? {} : { fix: hint };
  return fault('embedded-query-failed', {
    why,
    ...fix,
    ...(position === undefined ? {} : { where: place(sql, Number(position)) }),
  });
}

/** The server counts characters from 1. */
function place(sql: string, position: number): { file: string; line: number; column: number } {
  const before = Array.from(sql).slice(0, position - 1);
  const line = before.filter((character) => character === '\n').length + 1;
  return { file: 'query', line, column: before.length - before.lastIndexOf('\n') };
}
