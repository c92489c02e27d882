import type { Client, FieldDef, QueryArrayResult } from 'pg';

import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { bad, good, type Outcome } from '../../../kit/outcome.ts';
import type { Answer } from './table.ts';

/** How a query of `db sql` may be interrupted, and whom to tell the server's notices. */
export interface QueryOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onNotice?: ((line: string) => void) | undefined;
}

/**
 * Runs the text of `db sql`: one statement or several (then one transaction, as the server sees them). Values come in
 * the server's own text form, so nothing is rounded or reformatted; `tableLines` shows them.
 *
 * @returns the answers in order, or `embedded-query-failed` with line and column in the text.
 */
export async function runQuery(
  url: string,
  sql: string,
  options: QueryOptions = {},
): Promise<Outcome<readonly Answer[]>> {
  if (sql.trim() === '')
    return bad(
      fault('embedded-query-failed', {
        why: 'There is no query.',
        fix: 'Type `godwit db sql "SELECT 1"`, or pass it on standard input.',
      }),
    );
  const { Client } = await import('pg');
  const client = new Client({ connectionString: url, application_name: 'godwit db sql' });
  client.on('error', () => undefined);
  client.on('notice', (notice) => options.onNotice?.(`${notice.severity ?? 'NOTICE'}: ${notice.message ?? ''}`));
  try {
    await client.connect();
  } catch (error) {
    return bad(fault('database-unreachable', { why: (error as Error).message }));
  }
  const cancel = (): void => void cancelQuery(url, client);
  options.signal?.addEventListener('abort', cancel, { once: true });
  try {
    const asText = { getTypeParser: () => (value: string) => value };
    const result = (await client.query({ text: sql, rowMode: 'array', types: asText })) as unknown;
    return good(
      (Array.isArray(result) ? result : [result]).map((one) => answerOf(one as QueryArrayResult<(string | null)[]>)),
    );
  } catch (error) {
    return bad(queryFault(error as Error, sql));
  } finally {
    options.signal?.removeEventListener('abort', cancel);
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
